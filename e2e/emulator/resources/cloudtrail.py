from moto.s3.models import s3_backends

from .. import s3
from . import Refused, Resource, boolean, call


class Trail(Resource):
    type = "AWS::CloudTrail::Trail"
    immutable = ("TrailName",)

    def put(self, name, properties, old):
        p = dict(properties)
        selectors, is_logging = p.pop("AdvancedEventSelectors"), boolean(p.pop("IsLogging"))
        p["Name"] = p.pop("TrailName", name)
        self.check_bucket_policy(p["Name"], p["S3BucketName"], p.get("S3KeyPrefix", ""))
        if boolean(p.get("IsMultiRegionTrail", False)) and not boolean(p.get("IncludeGlobalServiceEvents", True)):
            raise Refused(
                "Multi-Region trail must include global service events."
            )  # AWS: InvalidParameterCombinationException
        cloudtrail = self.client("cloudtrail")
        call(cloudtrail, "update_trail" if old else "create_trail", p)
        call(cloudtrail, "put_event_selectors", {"TrailName": p["Name"], "AdvancedEventSelectors": selectors})
        (cloudtrail.start_logging if is_logging else cloudtrail.stop_logging)(Name=p["Name"])
        return p["Name"]

    def check_bucket_policy(self, trail, bucket, prefix):
        """AWS: InsufficientS3BucketPolicyException; CloudTrail tries to write before it makes the trail."""
        account, region = self.account.id, self.account.region
        context = {
            "aws:SourceArn": f"arn:aws:cloudtrail:{region}:{account}:trail/{trail}",
            "aws:SourceAccount": account,
            "s3:x-amz-acl": "bucket-owner-full-control",
            "aws:SecureTransport": "true",
        }
        found = s3_backends[account]["aws"].buckets[bucket]
        folder = f"{prefix}/" if prefix else ""
        for action, resource in (
            ("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}"),
            ("s3:PutObject", f"arn:aws:s3:::{bucket}/{folder}AWSLogs/{account}/CloudTrail/{region}/x.json.gz"),
            ("s3:PutObject", f"arn:aws:s3:::{bucket}/{folder}AWSLogs/{account}/CloudTrail-Digest/{region}/x.json.gz"),
        ):
            if not s3.bucket_policy_allows(found, "cloudtrail.amazonaws.com", action, resource, context):
                raise Refused(f"Incorrect S3 bucket policy is detected for bucket {bucket}: {action} on {resource}")

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:cloudtrail:{self.account.region}:{self.account.id}:trail/{id_}"}

    def delete(self, id_, properties):
        self.client("cloudtrail").delete_trail(Name=id_)
