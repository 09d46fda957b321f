from . import Refused, Resource, call, take


class Bucket(Resource):
    type = "AWS::S3::Bucket"
    immutable = ("BucketName",)

    def put(self, name, properties, old):
        bucket = old[0] if old else properties.get("BucketName", name.lower()[:63])
        if not old:
            self.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.account.region}
            )
        try:
            self.configure(bucket, properties, old)
        except Exception:
            if not old:
                self.delete(bucket, properties)  # AWS: what was made in part is rolled back too
            raise
        return bucket

    def configure(self, bucket, properties, old):
        (_, public, ownership, encryption, versioning, lifecycle, notification, tags) = take(
            properties,
            "BucketName",
            "PublicAccessBlockConfiguration",
            "OwnershipControls",
            "BucketEncryption",
            "VersioningConfiguration",
            "LifecycleConfiguration",
            "NotificationConfiguration",
            "Tags",
        )
        s3 = self.client("s3")
        if public:
            call(s3, "put_public_access_block", {"Bucket": bucket, "PublicAccessBlockConfiguration": public})
        if ownership:
            call(s3, "put_bucket_ownership_controls", {"Bucket": bucket, "OwnershipControls": ownership})
        if encryption:
            configuration = {"Rules": [rule_of(r) for r in encryption["ServerSideEncryptionConfiguration"]]}
            call(s3, "put_bucket_encryption", {"Bucket": bucket, "ServerSideEncryptionConfiguration": configuration})
        if versioning:
            call(s3, "put_bucket_versioning", {"Bucket": bucket, "VersioningConfiguration": versioning})
        if lifecycle:
            configuration = {"Rules": [lifecycle_rule(i, r) for i, r in enumerate(lifecycle["Rules"])]}
            call(s3, "put_bucket_lifecycle_configuration", {"Bucket": bucket, "LifecycleConfiguration": configuration})
        if notification or old:
            configuration = notification_configuration(notification or {})
            call(
                s3,
                "put_bucket_notification_configuration",
                {"Bucket": bucket, "NotificationConfiguration": configuration},
            )
        if tags:
            call(s3, "put_bucket_tagging", {"Bucket": bucket, "Tagging": {"TagSet": tags}})

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:s3:::{id_}", "DomainName": f"{id_}.s3.amazonaws.com"}

    def delete(self, id_, properties):
        self.client("s3").delete_bucket(Bucket=id_)  # refused while it holds objects, as AWS does


def rule_of(rule):
    return {
        {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}.get(k, k): v for k, v in rule.items()
    }


def lifecycle_rule(number, rule):
    """CloudFormation spells some members in its own way."""
    rule = dict(rule)
    id_, status, days, prefix = (
        rule.pop("Id", f"rule-{number}"),
        rule.pop("Status"),
        rule.pop("ExpirationInDays", None),
        rule.pop("Prefix", ""),
    )
    out = {"ID": id_, "Status": status, "Filter": {"Prefix": prefix}}
    if days is not None:
        out["Expiration"] = {"Days": days}
    if rule.pop("ExpiredObjectDeleteMarker", False):
        out["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if "AbortIncompleteMultipartUpload" in rule:
        out["AbortIncompleteMultipartUpload"] = rule.pop("AbortIncompleteMultipartUpload")
    if "NoncurrentVersionExpiration" in rule:
        out["NoncurrentVersionExpiration"] = rule.pop("NoncurrentVersionExpiration")
    if rule:
        raise Refused(f"the emulator does not know {sorted(rule)} of a lifecycle rule")
    return out


def notification_configuration(properties):
    functions, bridge = take(properties, "LambdaConfigurations", "EventBridgeConfiguration")
    out = {}
    for c in functions or []:
        rules = [
            {"Name": r["Name"], "Value": r["Value"]} for r in c.get("Filter", {}).get("S3Key", {}).get("Rules", [])
        ]
        entry = {
            "LambdaFunctionArn": c["Function"],
            "Events": c["Event"] if isinstance(c["Event"], list) else [c["Event"]],
        }
        out.setdefault("LambdaFunctionConfigurations", []).append(
            {**entry, "Filter": {"Key": {"FilterRules": rules}}} if rules else entry
        )
    if bridge is not None:
        out["EventBridgeConfiguration"] = {}
    return out


class BucketPolicy(Resource):
    type = "AWS::S3::BucketPolicy"
    immutable = ("Bucket",)

    def put(self, name, properties, old):
        bucket, document = take(properties, "Bucket", "PolicyDocument")
        call(self.client("s3"), "put_bucket_policy", {"Bucket": bucket, "Policy": document})
        return bucket

    def delete(self, id_, properties):
        self.client("s3").delete_bucket_policy(Bucket=id_)
