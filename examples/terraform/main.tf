# The tutorial's service, corrected: three instances in three zones behind a load balancer. It works on AWS as it does here.
# TUT-… are rules of docs/aws-behaviour.md: what was wrong in the tutorial, and what is right.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# Endpoint, Region and credentials come from the environment: eval "$(sandbox env)".
provider "aws" {}

variable "name" {
  type    = string
  default = "tutorial"
}

variable "image" {
  type    = string
  default = "ami-0c047a86012500412"
}

variable "instance_type" {
  type    = string
  default = "t3.medium"
}

variable "size" {
  type    = number
  default = 3
}

# ---- network: the default VPC, a subnet in each of three zones, so that the loss of one leaves two thirds of the instances (TUT-24) ----

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
  filter {
    name   = "availability-zone"
    values = ["us-east-1a", "us-east-1b", "us-east-1c"]
  }
  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}

# ---- who may talk to whom: anyone to the load balancer (TUT-31), only the load balancer to the instances (TUT-22) ----

resource "aws_security_group" "front" {
  name        = "${var.name}-front"
  description = "clients of the load balancer"
  vpc_id      = data.aws_vpc.default.id
  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "back" {
  name        = "${var.name}-back"
  description = "the load balancer"
  vpc_id      = data.aws_vpc.default.id
}

resource "aws_vpc_security_group_ingress_rule" "back" {
  security_group_id            = aws_security_group.back.id
  referenced_security_group_id = aws_security_group.front.id
  from_port                    = 80
  to_port                      = 80
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "back" {
  security_group_id = aws_security_group.back.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

# ---- load balancer: quick checks of /health (TUT-4, TUT-33), and the listener that the tutorial forgot (TUT-30) ----

resource "aws_lb" "web" {
  name               = var.name
  load_balancer_type = "application"
  security_groups    = [aws_security_group.front.id]
  subnets            = data.aws_subnets.default.ids
}

resource "aws_lb_target_group" "web" {
  name                 = var.name
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = data.aws_vpc.default.id
  deregistration_delay = 30
  health_check {
    path                = "/health"
    interval            = 10
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

# ---- instances: each runs the deployment script at its first boot (TUT-20, UD-2) ----

resource "aws_launch_template" "web" {
  name                   = var.name
  image_id               = var.image
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.back.id]
  update_default_version = true
  user_data              = filebase64("${path.module}/../deploy.sh")
  monitoring {
    enabled = true
  }
}

# The group registers its instances, and replaces those that fail the load balancer's health checks (TUT-25, TUT-26).
resource "aws_autoscaling_group" "web" {
  name                      = var.name
  min_size                  = var.size
  max_size                  = 10
  desired_capacity          = var.size
  vpc_zone_identifier       = data.aws_subnets.default.ids
  target_group_arns         = [aws_lb_target_group.web.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 120
  default_instance_warmup   = 120
  wait_for_elb_capacity     = var.size
  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }
  instance_refresh { # another launch template version replaces the instances, a few at a time
    strategy = "Rolling"
  }
  tag {
    key                 = "Name"
    value               = var.name
    propagate_at_launch = true
  }
  depends_on = [aws_lb_listener.web]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
    target_value = 70
  }
}

# ---- an alarm about targets that fail their health checks, with someone to tell (TUT-41 to TUT-43) ----

resource "aws_sns_topic" "alarms" {
  name = var.name
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = "ops@example.com"
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  alarm_name          = "${var.name}-unhealthy"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  dimensions = {
    LoadBalancer = aws_lb.web.arn_suffix
    TargetGroup  = aws_lb_target_group.web.arn_suffix
  }
}

output "url" {
  value = "http://${aws_lb.web.dns_name}/"
}

output "group" {
  value = aws_autoscaling_group.web.name
}
