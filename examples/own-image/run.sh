#!/usr/bin/env bash
# Builds the image, registers it as an AMI, and runs three instances of it behind a load balancer, by the AWS CLI only.
#
#     sandbox up --runtime docker
#     examples/own-image/run.sh
#
# IMAGE, NAME, BASE and CLI (the command `sandbox`) may be set. remove.sh removes what this makes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sandbox=${CLI:-sandbox}
image=${IMAGE:-own-image/service:1} name=${NAME:-own-image}
base=${BASE:-$(docker image ls --filter reference=sandbox/machine --format '{{.Repository}}:{{.Tag}}' | head -1)}
aws() { $sandbox aws "$@" --output text; }

docker build --quiet --network none --build-arg "BASE=$base" --tag "$image" "$here" > /dev/null
ami=$($sandbox ami register --image "$image" --name "$name")
echo "AMI $ami boots $image"

vpc=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId')
subnets=$(aws ec2 describe-subnets --filters "Name=vpc-id,Values=$vpc" --query 'Subnets[].SubnetId')
# The load balancer is open to its clients, the instances to the load balancer, at the port of the service.
front=$(aws ec2 create-security-group --group-name "$name-front" --description "clients" --vpc-id "$vpc" --query GroupId)
back=$(aws ec2 create-security-group --group-name "$name-back" --description "the load balancer" --vpc-id "$vpc" --query GroupId)
aws ec2 authorize-security-group-ingress --group-id "$front" --protocol tcp --port 80 --cidr 0.0.0.0/0 > /dev/null
aws ec2 authorize-security-group-ingress --group-id "$back" --protocol tcp --port 8000 --source-group "$front" > /dev/null

aws ec2 create-launch-template --launch-template-name "$name" --launch-template-data \
    "{\"ImageId\": \"$ami\", \"InstanceType\": \"t3.micro\", \"SecurityGroupIds\": [\"$back\"]}" > /dev/null
targets=$(aws elbv2 create-target-group --name "$name" --protocol HTTP --port 8000 --vpc-id "$vpc" --health-check-path /ready \
    --health-check-interval-seconds 5 --health-check-timeout-seconds 2 --healthy-threshold-count 2 --query 'TargetGroups[0].TargetGroupArn')
# shellcheck disable=SC2086 - one word for each subnet
balancer=$(aws elbv2 create-load-balancer --name "$name" --subnets $subnets --security-groups "$front" \
    --query 'LoadBalancers[0].LoadBalancerArn')
aws elbv2 create-listener --load-balancer-arn "$balancer" --protocol HTTP --port 80 \
    --default-actions "Type=forward,TargetGroupArn=$targets" > /dev/null
aws autoscaling create-auto-scaling-group --auto-scaling-group-name "$name" --launch-template "LaunchTemplateName=$name" \
    --min-size 1 --max-size 6 --desired-capacity 3 --vpc-zone-identifier "$(echo $subnets | tr ' ' ',')" \
    --target-group-arns "$targets" --health-check-type ELB --health-check-grace-period 30
echo "  next: sandbox status"
