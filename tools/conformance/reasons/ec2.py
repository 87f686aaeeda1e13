"""Why tests of moto's EC2 suite fail at an assertion."""

REASONS: dict[str, str] = {
    "test_ec2/test_amis.py::test_ami_create_from_missing_instance": (
        "AWS refuses it: 'i-abcdefg' is malformed, so the code is InvalidInstanceID.Malformed."
    ),
    "test_ec2/test_amis.py::test_ami_describe_non_existent": (
        "moto asserts moto: the sandbox names the first image that does not exist; the codes are the same."
    ),
    "test_ec2/test_amis.py::test_create_image_with_tag_specification": (
        "moto asserts moto: a value outside the model's enumeration is refused before the operation looks at it."
    ),
    "test_ec2/test_amis.py::test_deregister_image__unknown": (
        "AWS refuses it: 'ami-unknown-ami' is malformed, so the code is InvalidAMIID.Malformed."
    ),
    "test_ec2/test_amis.py::test_getting_malformed_ami": (
        "moto asserts moto: the sandbox has one error for images that do not exist, InvalidAMIID.NotFound."
    ),
    "test_ec2/test_carrier_gateways.py::test_create_carrier_gateways_invalid_vpc": (
        "moto asserts moto: AWS's text is The vpc ID '…' does not exist."
    ),
    "test_ec2/test_egress_only_igw.py::test_create_with_unknown_vpc": ("moto asserts moto: AWS's text is The vpc ID '…' does not exist."),
    "test_ec2/test_elastic_block_store.py::test_copy_snapshot": ("moto asserts moto: moto's error has no text, AWS's names the snapshot."),
    "test_ec2/test_elastic_block_store.py::test_create_snapshots_single_volume": (
        "moto asserts moto: the root volume has the size of the image, not 8 GiB."
    ),
    "test_ec2/test_elastic_block_store.py::test_create_volume_with_multi_attach_enabled_fails": (
        "AWS refuses it: the volume type of the test does not exist."
    ),
    "test_ec2/test_elastic_block_store.py::test_modify_snapshot_attribute": (
        "moto asserts moto: a request that would fail has its own error, also with DryRun."
    ),
    "test_ec2/test_elastic_block_store.py::test_modify_volumes": (
        "moto asserts moto: a volume whose type is changed has the default IOPS of the new type."
    ),
    "test_ec2/test_elastic_block_store.py::test_volume_attach_and_detach": (
        "moto asserts moto: a volume that is not attached answers IncorrectState."
    ),
    "test_ec2/test_elastic_ip_addresses.py::test_eip_associate_classic": ("moto asserts moto: its text shows a Python set."),
    "test_ec2/test_fleets.py::test_create_fleet_dryrun": (
        "Not supported: AWS answers the dry run before it looks at the value 'terminate', which the model does not have."
    ),
    "test_ec2/test_general.py::test_console_output": ("moto asserts moto: the output is that of the instance's own machine."),
    "test_ec2/test_iam_integration.py::test_invalid_associate": (
        "AWS refuses it: the id is malformed, so the code is InvalidInstanceID.Malformed."
    ),
    "test_ec2/test_instances.py::test_describe_instance_credit_specifications": (
        "AWS refuses it: an m1.small is not burstable and has no credit option."
    ),
    "test_ec2/test_instances.py::test_describe_instance_status_with_instances": (
        "moto asserts moto: status checks are initializing until their first result (EC2-32)."
    ),
    "test_ec2/test_instances.py::test_get_instances_filtering_by_reason_code": (
        "moto asserts moto: the reason of a running instance is absent (EC2-13)."
    ),
    "test_ec2/test_instances.py::test_instance_iam_instance_profile": (
        "AWS refuses it: RunInstances answers InvalidParameterValue to an unknown profile."
    ),
    "test_ec2/test_instances.py::test_instance_with_nic_attach_detach": (
        "moto asserts moto: a request that would fail has its own error, also with DryRun."
    ),
    "test_ec2/test_instances.py::test_run_instance_with_block_device_mappings_missing_ebs": (
        "AWS refuses it: the key pair of the test does not exist."
    ),
    "test_ec2/test_instances.py::test_run_instance_with_block_device_mappings_missing_size": (
        "AWS refuses it: the key pair of the test does not exist."
    ),
    "test_ec2/test_instances.py::test_run_instances_default_response": (
        "moto asserts moto: its image has a kernel; images of today have none."
    ),
    "test_ec2/test_launch_templates.py::test_create_launch_template__dryrun": (
        "AWS refuses it: TagSpecifications of CreateLaunchTemplate tag the template only."
    ),
    "test_ec2/test_launch_templates.py::test_delete_launch_template__by_id": (
        "moto asserts moto: the sandbox names the template; the codes are the same."
    ),
    "test_ec2/test_launch_templates.py::test_delete_launch_template__by_name": (
        "moto asserts moto: the sandbox names the template; the codes are the same."
    ),
    "test_ec2/test_launch_templates.py::test_modify_launch_template_by_name_and_id": (
        "moto asserts moto: the text for both of them is the sandbox's own."
    ),
    "test_ec2/test_launch_templates.py::test_modify_launch_template_with_unknown_version": (
        "moto asserts moto: a version that does not exist has one text in all operations."
    ),
    "test_ec2/test_spot_fleet.py::test_create_spot_fleet_with_invalid_tag_specifications": (
        "moto asserts moto: a value outside the model's enumeration is refused before the operation looks at it."
    ),
    "test_ec2/test_tags.py::test_ec2_validate_subnet_tags": (
        "moto asserts moto: tags that cannot be are InvalidParameterValue in every operation."
    ),
    "test_ec2/test_traffic_mirrors.py::test_create_traffic_mirror_target_invalid_input": (
        "AWS refuses it: the network interface of the test does not exist."
    ),
    "test_ec2/test_virtual_private_gateways.py::test_attach_unknown_vpn_gateway": (
        "moto asserts moto: AWS's text is The vpnGateway ID '…' does not exist."
    ),
    "test_ec2/test_virtual_private_gateways.py::test_delete_unknown_vpn_gateway": (
        "moto asserts moto: AWS's text is The vpnGateway ID '…' does not exist."
    ),
    "test_ec2/test_virtual_private_gateways.py::test_detach_unknown_vpn_gateway": (
        "moto asserts moto: AWS's text is The vpnGateway ID '…' does not exist."
    ),
    "test_ec2/test_vpcs.py::test_vpc_get_by_cidr_block": (
        "moto asserts moto: AWS keeps a block without its host bits, and so the filter has to name it."
    ),
    "test_ec2/test_vpcs.py::test_vpc_modify_tenancy_unknown": (
        "moto asserts moto: a value outside the model's enumeration is refused before the operation looks at it."
    ),
    "test_ec2/test_vpn_connections.py::test_create_vpn_connection_to_both_vpn_gateway_and_transit_gateway": (
        "moto asserts moto: the first id that does not exist is named."
    ),
    "test_ec2/test_vpn_connections.py::test_create_vpn_connection_to_unknown_customer_gateway": (
        "moto asserts moto: the first id that does not exist is named."
    ),
    "test_ec2/test_vpn_connections.py::test_create_vpn_connection_to_unknown_transit_gateway": (
        "moto asserts moto: the text is that of every operation with a transit gateway."
    ),
    "test_ec2/test_dhcp_options.py::test_dhcp_options_delete_with_vpc": (
        "moto asserts moto: DHCP options are not deleted with a VPC that they were associated with."
    ),
    "test_ec2/test_ec2_cloudformation.py::test_volume_size_through_cloudformation": (
        "AWS refuses it: the key pair 'dummy' does not exist, so the stack has no instance."
    ),
    "test_ec2/test_instances.py::test_modify_instance_attribute_security_groups": (
        "moto asserts moto: an instance that is launched without groups has the default group of its VPC."
    ),
    "test_ec2/test_instances.py::test_modify_instance_metadata_options": (
        "moto asserts moto: the answer to a launch has the state pending. Not supported: the IPv6 endpoint of the metadata service."
    ),
    "test_ec2/test_security_groups.py::test_revoke_security_group_egress__without_ipprotocol": (
        "moto asserts moto: the default group of a VPC has a rule for ingress, too, which stays."
    ),
}
