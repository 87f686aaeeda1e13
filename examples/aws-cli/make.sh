#!/usr/bin/env bash
# The tutorial's service by the AWS CLI, corrected: three instances in three zones behind a load balancer. Run again, it makes what is
# missing and leaves the rest. remove.sh removes everything. TUT-… are rules of docs/aws-behaviour.md: what was wrong, and what is right.
set -euo pipefail
cd "$(dirname "$0")"
name=${NAME:-tutorial} image=${IMAGE:-ami-0c047a86012500412} type=${TYPE:-t3.medium} size=${SIZE:-3}
export AWS_DEFAULT_OUTPUT=text AWS_PAGER=""

echo "1. network: the default VPC, a subnet in each of three zones (TUT-24)"
vpc=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId')
region=$(aws ec2 describe-availability-zones --query 'AvailabilityZones[0].RegionName')
subnets=$(aws ec2 describe-subnets --query 'Subnets[].SubnetId' --filters "Name=vpc-id,Values=$vpc" \
    Name=default-for-az,Values=true "Name=availability-zone,Values=${region}a,${region}b,${region}c")

echo "2. security groups: anyone to the load balancer, only the load balancer to the instances (TUT-22, TUT-31)"
security_group() { # NAME, WHAT IT IS FOR, AND THE SOURCE OF CONNECTIONS TO PORT 80: prints the id
    local id
    id=$(aws ec2 describe-security-groups --filters "Name=group-name,Values=$1" --query 'SecurityGroups[].GroupId')
    if [ -z "$id" ]; then
        id=$(aws ec2 create-security-group --group-name "$1" --description "$2" --vpc-id "$vpc" --query GroupId)
        aws ec2 authorize-security-group-ingress --group-id "$id" --protocol tcp --port 80 "${@:3}" > /dev/null
    fi
    echo "$id"
}
front=$(security_group "$name-front" "clients of the load balancer" --cidr 0.0.0.0/0)
back=$(security_group "$name-back" "the load balancer" --source-group "$front")

echo "3. target group: health checks of /health every 10 seconds (TUT-4, TUT-33)"
targets=$(aws elbv2 create-target-group --name "$name" --protocol HTTP --port 80 --vpc-id "$vpc" --target-type instance \
    --health-check-path /health --health-check-interval-seconds 10 --health-check-timeout-seconds 3 \
    --healthy-threshold-count 2 --unhealthy-threshold-count 2 --query 'TargetGroups[0].TargetGroupArn')
aws elbv2 modify-target-group-attributes --target-group-arn "$targets" \
    --attributes Key=deregistration_delay.timeout_seconds,Value=30 > /dev/null

echo "4. load balancer, and the listener that the tutorial forgot (TUT-30)"
# shellcheck disable=SC2086 - one word for each subnet
balancer=$(aws elbv2 create-load-balancer --name "$name" --subnets $subnets --security-groups "$front" \
    --query 'LoadBalancers[0].LoadBalancerArn')
aws elbv2 wait load-balancer-available --load-balancer-arns "$balancer" # TUT-34
if [ -z "$(aws elbv2 describe-listeners --load-balancer-arn "$balancer" --query 'Listeners[].ListenerArn')" ]; then
    aws elbv2 create-listener --load-balancer-arn "$balancer" --protocol HTTP --port 80 \
        --default-actions "Type=forward,TargetGroupArn=$targets" > /dev/null
fi

echo "5. launch template: what an instance is, and the deployment script that it runs at its first boot (TUT-20, UD-2)"
if [ -z "$(aws ec2 describe-launch-templates --filters "Name=launch-template-name,Values=$name" --query 'LaunchTemplates[].LaunchTemplateId')" ]; then
    aws ec2 create-launch-template --launch-template-name "$name" --launch-template-data "{
        \"ImageId\": \"$image\", \"InstanceType\": \"$type\", \"SecurityGroupIds\": [\"$back\"], \"Monitoring\": {\"Enabled\": true},
        \"UserData\": \"$(base64 < ../deploy.sh | tr -d '\n')\"}" > /dev/null
fi

echo "6. Auto Scaling group: it registers its instances, and replaces those that fail the load balancer's health checks (TUT-25, TUT-26)"
if [ -z "$(aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "$name" --query 'AutoScalingGroups[].AutoScalingGroupName')" ]; then
    aws autoscaling create-auto-scaling-group --auto-scaling-group-name "$name" \
        --launch-template "LaunchTemplateName=$name,Version=\$Latest" --min-size "$size" --max-size 10 --desired-capacity "$size" \
        --vpc-zone-identifier "$(echo $subnets | tr ' ' ',')" --target-group-arns "$targets" \
        --health-check-type ELB --health-check-grace-period 120 --default-instance-warmup 120 \
        --tags "Key=Name,Value=$name,PropagateAtLaunch=true"
fi

echo "7. scaling policy, and an alarm about targets that fail their health checks, with someone to tell (TUT-41 to TUT-43)"
aws autoscaling put-scaling-policy --auto-scaling-group-name "$name" --policy-name cpu --policy-type TargetTrackingScaling \
    --target-tracking-configuration '{"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 70}' > /dev/null
topic=$(aws sns create-topic --name "$name" --query TopicArn)
aws sns subscribe --topic-arn "$topic" --protocol email --notification-endpoint "${EMAIL:-ops@example.com}" > /dev/null
aws cloudwatch put-metric-alarm --alarm-name "$name-unhealthy" --namespace AWS/ApplicationELB --metric-name UnHealthyHostCount \
    --dimensions "Name=LoadBalancer,Value=${balancer#*:loadbalancer/}" "Name=TargetGroup,Value=${targets##*:}" \
    --statistic Maximum --period 60 --evaluation-periods 3 --datapoints-to-alarm 2 --threshold 1 \
    --comparison-operator GreaterThanOrEqualToThreshold --treat-missing-data notBreaching --alarm-actions "$topic"

echo "waiting until the targets are healthy"
aws elbv2 wait target-in-service --target-group-arn "$targets"
echo "http://$(aws elbv2 describe-load-balancers --names "$name" --query 'LoadBalancers[0].DNSName')/"
