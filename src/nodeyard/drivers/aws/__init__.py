"""AWS through boto3: the hands behind `ports.Compute`.

`app` builds `compute.AwsCompute`; nothing else is meant for callers. The package
never imports boto3 or botocore at module level: a service start must not pay for it.
"""
