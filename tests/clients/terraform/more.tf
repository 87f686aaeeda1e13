# What the tests add to examples/terraform: kinds of resources and ways to write them that the example does not need.

locals {
  zones = ["us-east-1a", "us-east-1b"]
}

# A network of its own, as a tutorial's first chapter makes it.
resource "aws_vpc" "own" {
  cidr_block           = "10.77.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

resource "aws_subnet" "own" {
  count                   = 2
  vpc_id                  = aws_vpc.own.id
  cidr_block              = cidrsubnet(aws_vpc.own.cidr_block, 8, count.index)
  availability_zone       = local.zones[count.index]
  map_public_ip_on_launch = true
  tags                    = { Name = "${var.name}-${local.zones[count.index]}" }
}

resource "aws_internet_gateway" "own" {
  vpc_id = aws_vpc.own.id
}

resource "aws_route_table" "own" {
  vpc_id = aws_vpc.own.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.own.id
  }
}

resource "aws_route_table_association" "own" {
  count          = 2
  subnet_id      = aws_subnet.own[count.index].id
  route_table_id = aws_route_table.own.id
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

resource "aws_lb_target_group" "canary" {
  name     = "${var.name}-canary"
  port     = 80
  protocol = "HTTP"
  vpc_id   = data.aws_vpc.default.id
}

resource "aws_lb_listener_rule" "weighted" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 10
  action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.web.arn
        weight = 90
      }
      target_group {
        arn    = aws_lb_target_group.canary.arn
        weight = 10
      }
    }
  }
  condition {
    path_pattern {
      values = ["/beta/*"]
    }
  }
  condition {
    host_header {
      values = ["www.example.com"]
    }
  }
  tags = { Purpose = "canary" }
}

resource "aws_lb_listener_rule" "maintenance" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 20
  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "closed"
      status_code  = "503"
    }
  }
  condition {
    http_header {
      http_header_name = "X-Closed"
      values           = ["yes"]
    }
  }
}

resource "aws_autoscaling_lifecycle_hook" "boot" {
  name                   = "boot"
  autoscaling_group_name = aws_autoscaling_group.web.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_LAUNCHING"
  heartbeat_timeout      = 30
  default_result         = "CONTINUE"
}

resource "aws_autoscaling_lifecycle_hook" "drain" {
  name                    = "drain"
  autoscaling_group_name  = aws_autoscaling_group.web.name
  lifecycle_transition    = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout       = 60
  default_result          = "CONTINUE"
  notification_metadata   = jsonencode({ stack = var.name })
  notification_target_arn = aws_sqs_queue.alarms.arn
  role_arn                = aws_iam_role.hooks.arn
}

resource "aws_iam_role" "hooks" {
  name = "${var.name}-hooks"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "autoscaling.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_autoscaling_policy" "steps" {
  name                   = "steps"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "StepScaling"
  adjustment_type        = "ChangeInCapacity"
  step_adjustment {
    metric_interval_lower_bound = 0
    metric_interval_upper_bound = 10
    scaling_adjustment          = 1
  }
  step_adjustment {
    metric_interval_lower_bound = 10
    scaling_adjustment          = 2
  }
}

resource "aws_autoscaling_schedule" "night" {
  scheduled_action_name  = "night"
  autoscaling_group_name = aws_autoscaling_group.web.name
  recurrence             = "0 1 * * *"
  time_zone              = "Europe/Berlin"
  min_size               = 1
  max_size               = 4
  desired_capacity       = 1
}

resource "aws_autoscaling_notification" "web" {
  group_names   = [aws_autoscaling_group.web.name]
  notifications = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
  topic_arn     = aws_sns_topic.alarms.arn
}

resource "aws_sqs_queue" "alarms" {
  name                      = "${var.name}-alarms"
  message_retention_seconds = 3600
}

resource "aws_sqs_queue_policy" "alarms" {
  queue_url = aws_sqs_queue.alarms.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.alarms.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.alarms.arn } }
    }]
  })
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn            = aws_sns_topic.alarms.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.alarms.arn
  raw_message_delivery = true
  filter_policy        = jsonencode({ severity = ["high"] })
}

resource "aws_cloudwatch_metric_alarm" "busy" {
  alarm_name          = "${var.name}-busy"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  threshold           = 80
  alarm_actions       = [aws_autoscaling_policy.steps.arn]
  metric_query {
    id          = "busy"
    expression  = "cpu * 1"
    label       = "CPU"
    return_data = true
  }
  metric_query {
    id = "cpu"
    metric {
      metric_name = "CPUUtilization"
      namespace   = "AWS/EC2"
      period      = 60
      stat        = "Average"
      dimensions  = { AutoScalingGroupName = aws_autoscaling_group.web.name }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "trouble" {
  alarm_name = "${var.name}-trouble"
  alarm_rule = "ALARM(${aws_cloudwatch_metric_alarm.unhealthy.alarm_name}) AND ALARM(${aws_cloudwatch_metric_alarm.busy.alarm_name})"
}

resource "aws_cloudwatch_dashboard" "web" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [{
      type       = "metric", x = 0, y = 0, width = 12, height = 6
      properties = { metrics = [["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", var.name]], region = "us-east-1", title = "CPU" }
    }]
  })
}
