#!/usr/bin/env bash
# Removes what run.sh made.
set -euo pipefail
sandbox=${CLI:-sandbox}
image=${IMAGE:-own-image/service:1} name=${NAME:-own-image}
aws() { $sandbox aws "$@" --output text; }

aws autoscaling delete-auto-scaling-group --auto-scaling-group-name "$name" --force-delete
balancer=$(aws elbv2 describe-load-balancers --names "$name" --query 'LoadBalancers[0].LoadBalancerArn')
targets=$(aws elbv2 describe-target-groups --names "$name" --query 'TargetGroups[0].TargetGroupArn')
instances=$(aws ec2 describe-instances --filters "Name=tag:aws:autoscaling:groupName,Values=$name" --query 'Reservations[].Instances[].InstanceId')
# shellcheck disable=SC2086 - one word for each instance
[ -z "$instances" ] || aws ec2 wait instance-terminated --instance-ids $instances
aws elbv2 delete-load-balancer --load-balancer-arn "$balancer"
aws elbv2 delete-target-group --target-group-arn "$targets"
aws ec2 delete-launch-template --launch-template-name "$name" > /dev/null
aws elbv2 wait load-balancers-deleted --load-balancer-arns "$balancer"
for group in back front; do
    aws ec2 delete-security-group --group-id "$(aws ec2 describe-security-groups --filters "Name=group-name,Values=$name-$group" --query 'SecurityGroups[0].GroupId')" > /dev/null
done
$sandbox ami deregister "$name"
docker image rm "$image" > /dev/null
