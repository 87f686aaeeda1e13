#!/usr/bin/env bash
# Removes what prepare.sh made. The service is removed by its own remove.sh.
set -euo pipefail
export AWS_DEFAULT_OUTPUT=text AWS_PAGER=""
for template in $(aws fis list-experiment-templates --query "experimentTemplates[?tags.Name=='tutorial'].id"); do
    aws fis delete-experiment-template --id "$template" > /dev/null
done
for role in $(aws iam list-roles --query "Roles[?RoleName=='tutorial-fis'].RoleName"); do
    aws iam delete-role --role-name "$role"
done
