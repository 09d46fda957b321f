from . import Refused, Resource, call, take


class NestedStack(Resource):
    """A stack of its own, made by the same API that a user would call."""

    type = "AWS::CloudFormation::Stack"

    def put(self, name, properties, old):
        url, parameters, tags = take(properties, "TemplateURL", "Parameters", "Tags")
        if not url.startswith("http"):
            raise Refused(
                f"TemplateURL must be a supported URL: {url}"
            )  # AWS: sam deploy and sam package upload local files
        p = {
            "TemplateURL": url,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in (parameters or {}).items()],
            "Capabilities": ["CAPABILITY_IAM"],
        }
        client = self.client("cloudformation")
        if old:
            try:
                call(client, "update_stack", {"StackName": old[0], **p})
            except client.exceptions.ClientError as error:
                if "No updates are to be performed" not in str(error):
                    raise
            stack_id = old[0]
        else:
            stack_id = call(client, "create_stack", {"StackName": name, "Tags": tags or [], **p})["StackId"]
        stack = client.describe_stacks(StackName=stack_id)["Stacks"][0]
        if not stack["StackStatus"].endswith("_COMPLETE") or "ROLLBACK" in stack["StackStatus"]:
            raise Refused(f"Embedded stack {stack_id} was not successfully made: {stack.get('StackStatusReason')}")
        return stack_id

    def attributes(self, id_, properties):
        stack = self.client("cloudformation").describe_stacks(StackName=id_)["Stacks"][0]
        return {f"Outputs.{o['OutputKey']}": o["OutputValue"] for o in stack.get("Outputs", [])}

    def delete(self, id_, properties):
        self.client("cloudformation").delete_stack(StackName=id_)
