"""ARC's errors: AWS's codes and reasons (ARC-3), one function for each. AWS documents no texts: they are ours (U)."""

from collections.abc import Iterable

from sandbox.core.errors import ApiError


def validation(reason: str, text: str) -> ApiError:
    return ApiError("ValidationException", text, members={"reason": reason})


def conflict(reason: str, text: str, zonal_shift_id: str | None = None) -> ApiError:
    about = {"zonalShiftId": zonal_shift_id} if zonal_shift_id else {}
    return ApiError("ConflictException", text, members={"reason": reason, **about})


# ---- resources and zones -----------------------------------------------------------------------------------------------------------------


def not_managed(arn: str, how_to_opt_in: str = "") -> ApiError:
    """ARC-1, TG-40."""
    hint = f" {how_to_opt_in}" if how_to_opt_in else ""
    return ApiError("ResourceNotFoundException", f"The resource {arn} is not managed by zonal shift.{hint}")


def invalid_resource(identifier: str) -> ApiError:
    return validation(
        "InvalidResourceIdentifier", f"The resource identifier is not the ARN of a resource of this account and Region: {identifier}"
    )


def invalid_zone(zone: str, known: Iterable[str]) -> ApiError:
    """`zone`: as given. ARC-2: an id, not a name."""
    return validation("InvalidAz", f"{zone} is not the id of an Availability Zone of the resource. Its zones: {', '.join(known)}.")


def single_zone(arn: str) -> ApiError:
    """TG-41."""
    return validation("UnsupportedAz", f"The resource {arn} is in one Availability Zone only, so that traffic cannot move to another.")


# ---- shifts ------------------------------------------------------------------------------------------------------------------------------


def unknown_shift(shift_id: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"There is no zonal shift with the id {shift_id}.")


def invalid_expiry(given: str) -> ApiError:
    """ARC-2."""
    return validation("InvalidExpiresIn", f"expiresIn must be a whole number followed by m or h, and at most three days (72h): {given}")


def missing(member: str) -> ApiError:
    return validation("MissingValue", f"A value is required: {member}")


def invalid_token(token: str) -> ApiError:
    return validation("InvalidToken", f"The value of nextToken is not one that this operation returned: {token}")


def not_active(shift_id: str, status: str) -> ApiError:
    return conflict("ZonalShiftStatusNotActive", f"The zonal shift {shift_id} is not active: its status is {status}.", shift_id)


def already_shifted(arn: str, shift_id: str) -> ApiError:
    return conflict("ZonalShiftAlreadyExists", f"A zonal shift is already active for the resource {arn}: {shift_id}", shift_id)


def simultaneous(arn: str, shift_type: str, shift_id: str | None) -> ApiError:
    """ARC-5."""
    return conflict("SimultaneousZonalShiftsConflict", f"A shift of type {shift_type} is active for the resource {arn}.", shift_id)


def autoshift_active(arn: str) -> ApiError:
    """ARC-5."""
    return conflict("ZonalAutoshiftActive", f"An autoshift is active for the resource {arn}.")


def of_experiment(shift_id: str) -> ApiError:
    return validation(
        "FISExperimentUpdateNotAllowed", f"The zonal shift {shift_id} belongs to an experiment of AWS FIS: stop the experiment."
    )


def of_autoshift(shift_id: str) -> ApiError:
    return validation("AutoshiftUpdateNotAllowed", f"The zonal shift {shift_id} belongs to an autoshift, which AWS starts and ends.")


def no_practice_run(shift_id: str, shift_type: str) -> ApiError:
    text = f"The zonal shift {shift_id} is of type {shift_type}: CancelPracticeRun cancels practice runs only."
    return validation("UnsupportedPracticeCancelShiftType", text)


# ---- practice runs and zonal autoshift ---------------------------------------------------------------------------------------------------


def practice_blocked(reason: str, why: str) -> ApiError:
    """ARC-7."""
    return conflict(reason, f"The practice run cannot start: {why}.")


def no_practice_configuration(arn: str) -> ApiError:
    return conflict("PracticeConfigurationDoesNotExist", f"The resource {arn} has no practice run configuration.")


def practice_configuration_exists(arn: str) -> ApiError:
    return conflict("PracticeConfigurationAlreadyExists", f"The resource {arn} has a practice run configuration already.")


def autoshift_enabled(arn: str) -> ApiError:
    return conflict("AutoShiftEnabled", f"Zonal autoshift is enabled for the resource {arn}: disable it first.")


def unknown_alarm(identifier: str) -> ApiError:
    return validation("InvalidAlarmCondition", f"There is no CloudWatch alarm in this account and Region with the ARN {identifier}")


def alarms_unreadable() -> ApiError:
    return ApiError("InternalServerException", "The states of the CloudWatch alarms cannot be read now.")


def invalid_condition_type(given: str) -> ApiError:
    return validation("InvalidConditionType", f"The type of an alarm is CLOUDWATCH, and not {given}.")


def invalid_blocker(why: str) -> ApiError:
    return validation("InvalidPracticeBlocker", f"A blocked date or window is not valid: {why}.")


def invalid_allowed_window(why: str) -> ApiError:
    return validation("InvalidPracticeAllowedWindow", f"An allowed window is not valid: {why}.")


def both_windows() -> ApiError:
    return validation("InvalidPracticeWindows", "Give either blocked windows or allowed windows, not both.")  # (U)


def fixed_length(shift_id: str) -> ApiError:
    return validation("InvalidExpiresIn", f"The zonal shift {shift_id} is a practice run, whose length is fixed.")  # (U)


# ---- lists -------------------------------------------------------------------------------------------------------------------------------


def invalid_status(given: str, allowed: Iterable[str]) -> ApiError:
    return validation("InvalidStatus", f"{given} is not a status. The statuses are: {', '.join(allowed)}.")


def invalid_page_size(given: int) -> ApiError:
    """The framework of AWS's services checks it, and knows no reasons."""
    bound = "Member must have value " + ("less than or equal to 100" if given > 100 else "greater than or equal to 1")
    text = f"1 validation error detected: Value '{given}' at 'maxResults' failed to satisfy constraint: {bound}"
    return ApiError("ValidationException", text)
