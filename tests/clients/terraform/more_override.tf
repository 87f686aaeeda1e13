# What the tests change in the resources of examples/terraform. Terraform merges files named *_override.tf into the others.

provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  default_tags {
    tags = { Stack = "terraform-client" }
  }
}

resource "aws_launch_template" "web" {
  image_id = data.aws_ami.linux.id
  metadata_options {
    http_tokens = "required"
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 8
      volume_type = "gp3"
    }
  }
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-member" }
  }
}

resource "aws_autoscaling_group" "web" {
  max_size        = 4
  enabled_metrics = ["GroupInServiceInstances"]
  instance_refresh {
    strategy = "Rolling"
    preferences {
      min_healthy_percentage = 50
      instance_warmup        = 10
    }
  }
  tag {
    key                 = "Team"
    value               = "web"
    propagate_at_launch = true
  }
}

resource "aws_sns_topic" "alarms" {
  display_name = "Alarms"
}
