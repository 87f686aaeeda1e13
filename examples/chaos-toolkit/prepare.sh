#!/usr/bin/env bash
# What the experiment needs besides the service: a role and an experiment template for AWS FIS. Prints the variables of experiment.yaml:
#     eval "$(./prepare.sh)"
set -euo pipefail
cd "$(dirname "$0")"
export AWS_DEFAULT_OUTPUT=text AWS_PAGER=""

aws iam get-role --role-name tutorial-fis > /dev/null 2>&1 ||
    aws iam create-role --role-name tutorial-fis --assume-role-policy-document file://trust.json > /dev/null
template=$(aws fis list-experiment-templates --query "experimentTemplates[?tags.Name=='tutorial'].id")
[ -n "$template" ] ||
    template=$(aws fis create-experiment-template --cli-input-json file://fis-template.json --tags Name=tutorial --query experimentTemplate.id)

echo "export FIS_TEMPLATE=$template"
echo "export TARGET_GROUP=$(aws elbv2 describe-target-groups --names tutorial --query 'TargetGroups[0].TargetGroupArn')"
if [ -n "${AWS_ENDPOINT_URL:-}" ]; then # of the sandbox: an address that every program reaches
    url=$(curl -s "$AWS_ENDPOINT_URL/_sandbox/endpoints" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["load_balancers"]["tutorial"]["listeners"]["80"])')
else
    url=http://$(aws elbv2 describe-load-balancers --names tutorial --query 'LoadBalancers[0].DNSName')/
fi
echo "export URL=$url"
