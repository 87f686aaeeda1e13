#!/usr/bin/env bash
# Removes what make.sh made, in the order that AWS requires (TUT-54). What is not there is passed over.
set -euo pipefail
name=${NAME:-tutorial}
export AWS_DEFAULT_OUTPUT=text AWS_PAGER=""

groups() { aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "$name" --query 'AutoScalingGroups[].AutoScalingGroupName'; }

echo "the group and its instances"
if [ -n "$(groups)" ]; then
    aws autoscaling delete-auto-scaling-group --auto-scaling-group-name "$name" --force-delete
    while [ -n "$(groups)" ]; do sleep 2; done
fi

echo "the load balancer with its listener, and the target group"
for balancer in $(aws elbv2 describe-load-balancers --query "LoadBalancers[?LoadBalancerName=='$name'].LoadBalancerArn"); do
    aws elbv2 delete-load-balancer --load-balancer-arn "$balancer"
    aws elbv2 wait load-balancers-deleted --load-balancer-arns "$balancer"
done
for targets in $(aws elbv2 describe-target-groups --query "TargetGroups[?TargetGroupName=='$name'].TargetGroupArn"); do
    aws elbv2 delete-target-group --target-group-arn "$targets"
done

echo "the launch template, the alarm and the topic with its subscriptions"
for template in $(aws ec2 describe-launch-templates --filters "Name=launch-template-name,Values=$name" \
    --query 'LaunchTemplates[].LaunchTemplateId'); do
    aws ec2 delete-launch-template --launch-template-id "$template" > /dev/null
done
aws cloudwatch delete-alarms --alarm-names "$name-unhealthy"
for topic in $(aws sns list-topics --query "Topics[?ends_with(TopicArn, ':$name')].TopicArn"); do
    aws sns delete-topic --topic-arn "$topic"
done

echo "the security groups, the one that names the other first"
for group in "$name-back" "$name-front"; do
    for id in $(aws ec2 describe-security-groups --filters "Name=group-name,Values=$group" --query 'SecurityGroups[].GroupId'); do
        for attempt in 1 2 3 4 5 6 7 8 9 10; do # AWS needs a moment to remove the network interfaces that are in the group
            aws ec2 delete-security-group --group-id "$id" > /dev/null && break
            [ "$attempt" -lt 10 ] || exit 1
            sleep 5
        done
    done
done
