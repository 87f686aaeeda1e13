"""What exists now in one account and Region, as frozen values for front ends of this process: `read(scope, ...) -> Observed`."""
