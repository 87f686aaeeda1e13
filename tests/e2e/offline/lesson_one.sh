# Lesson 1 as a person does it, on a machine without a network and without Docker, from nothing but the bundle: bash lesson_one.sh BUNDLE
# FOLDER. Every command is one that the lesson, its hints or the bundle's own output suggests. Run by test_offline.py.
set -euo pipefail

bundle=$1 folder=$2
cd "$folder"
ip link set lo up
[ -z "$(ip route show)" ] || { echo "this namespace has routes"; exit 1; }

sh "$bundle" install --into "$folder/installed"
export PATH="$folder/installed/bin:/usr/bin:/bin:/usr/sbin:/sbin"
sandbox up --runtime process --speed 20
trap 'sandbox down' EXIT
eval "$(sandbox env)"
sandbox learn start never_reached

vpc=$(aws ec2 describe-vpcs --query 'Vpcs[0].VpcId' --output text)
read -r first second < <(aws ec2 describe-subnets --filters Name=availability-zone,Values=us-east-1a,us-east-1b --query 'Subnets[].SubnetId' --output text)
front=$(aws ec2 create-security-group --group-name front --description front --vpc-id "$vpc" --query GroupId --output text)
web=$(aws ec2 create-security-group --group-name web --description web --vpc-id "$vpc" --query GroupId --output text)

launch() {
    aws ec2 run-instances --image-id ami-0c047a86012500412 --instance-type t3.micro --count 1 --subnet-id "$1" --security-group-ids "$web" \
        --query 'Instances[0].InstanceId' --output text
}
one=$(launch "$first") other=$(launch "$second")
aws ec2 wait instance-running --instance-ids "$one" "$other"

group=$(aws elbv2 create-target-group --name web --protocol HTTP --port 80 --vpc-id "$vpc" --query 'TargetGroups[0].TargetGroupArn' --output text)
aws elbv2 register-targets --target-group-arn "$group" --targets "Id=$one" "Id=$other"
sandbox learn status never_reached || true              # it exits with 1 until all steps are green; NotInUse is seen here

balancer=$(aws elbv2 create-load-balancer --name web --subnets "$first" "$second" --security-groups "$front" --query 'LoadBalancers[0].LoadBalancerArn' --output text)
aws ec2 authorize-security-group-ingress --group-id "$front" --protocol tcp --port 80 --cidr 0.0.0.0/0 >/dev/null
aws elbv2 create-listener --load-balancer-arn "$balancer" --protocol HTTP --port 80 --default-actions "Type=forward,TargetGroupArn=$group" >/dev/null
aws ec2 authorize-security-group-ingress --group-id "$web" --protocol tcp --port 80 --source-group "$front" >/dev/null
timeout 120 sandbox learn status never_reached --watch
sandbox learn answer never_reached 2
