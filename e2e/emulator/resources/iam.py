from . import Resource, call, take


class Role(Resource):
    type = "AWS::IAM::Role"
    immutable = ("RoleName", "Path")

    def put(self, name, properties, old):
        role, trust, policies, description, tags = take(
            properties, "RoleName", "AssumeRolePolicyDocument", "Policies", "Description", "Tags"
        )
        iam = self.client("iam")
        role = old[0] if old else role or name[:64]
        if old:
            call(iam, "update_assume_role_policy", {"RoleName": role, "PolicyDocument": trust})
            for policy in old[1].get("Policies", []):
                iam.delete_role_policy(RoleName=role, PolicyName=policy["PolicyName"])
        else:
            p = {
                "RoleName": role,
                "AssumeRolePolicyDocument": trust,
                "Description": description or "",
                "Tags": tags or [],
            }
            call(iam, "create_role", p)
        for policy in policies or []:
            call(iam, "put_role_policy", {"RoleName": role, **policy})
        return role

    def attributes(self, id_, properties):
        return {"Arn": f"arn:aws:iam::{self.account.id}:role/{id_}"}

    def delete(self, id_, properties):
        iam = self.client("iam")
        for policy in properties.get("Policies", []):
            iam.delete_role_policy(RoleName=id_, PolicyName=policy["PolicyName"])
        iam.delete_role(RoleName=id_)
