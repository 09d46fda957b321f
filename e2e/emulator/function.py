"""Lambda: the bootstrap of the deployed zip, run natively by way of the real runtime API.

AWS's behaviour: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and
invocation-async-error-handling.html: an asynchronous invocation that fails is tried again twice with the same request
id, then the original event goes to the dead-letter queue, with the attributes RequestID, ErrorCode and ErrorMessage.
Ours: the retries follow at once, not after one and two minutes; each invocation starts the program anew (warm starts
are internal/localaws's); the processor is this machine's, whatever the template says; memory is not limited.
"""

import base64
import http.server
import io
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass, field

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.sqs.models import sqs_backends

from . import identity, logs, policy


@dataclass
class Invocation:
    function: str
    request_id: str
    event: dict
    attempt: int = 1
    response: str = ""
    failed: bool = False
    output: str = ""
    took: float = 0.0


@dataclass
class Lambda:
    work: object
    url: str = ""
    xray_address: str = ""
    invocations: list = field(default_factory=list)  # in the order of their ends, for tests to look at
    log_groups: dict = field(default_factory=dict)  # function name: group, which moto does not keep
    keys: dict = field(default_factory=dict)
    unpacked: dict = field(default_factory=dict)  # code's hash: folder
    folder: object = field(default_factory=lambda: tempfile.TemporaryDirectory(prefix="functions-"))

    def run(self, fn, event, request_id, attempt=1):
        """One invocation, to its end: what it wrote is in the log group when this returns."""
        started = time.monotonic()
        with RuntimeAPI(fn, event, request_id) as api, tempfile.TemporaryFile() as out:
            folder = self.unpack(fn)
            env = {
                **{k: str(v) for k, v in fn.environment_vars.items()},
                **self.environment(fn, folder, api.address),
            }
            process = subprocess.Popen([os.path.join(folder, "bootstrap")], cwd=folder, env=env, stdout=out, stderr=out)
            threading.Thread(target=lambda: (process.wait(), api.over.set()), daemon=True).start()
            in_time = api.over.wait(int(fn.timeout))
            process.send_signal(signal.SIGKILL)
            process.wait()
            out.seek(0)
            output = out.read().decode()
        if api.answer is None:
            reason = (
                "Runtime exited without providing a reason"
                if in_time
                else f"Task timed out after {fn.timeout}.00 seconds"
            )
            api.answer, api.failed = json.dumps({"errorMessage": f"RequestId: {request_id} Error: {reason}"}), True
        logs.deliver(fn, self.log_group(fn), output)
        result = Invocation(
            fn.function_name, request_id, event, attempt, api.answer, api.failed, output, time.monotonic() - started
        )
        self.invocations.append(result)
        return result

    def log_group(self, fn):
        return self.log_groups.get(fn.function_name) or f"/aws/lambda/{fn.function_name}"

    def unpack(self, fn):
        if fn.code_sha_256 not in self.unpacked:
            folder = os.path.join(self.folder.name, uuid.uuid4().hex)
            with zipfile.ZipFile(io.BytesIO(fn.code_bytes)) as z:
                z.extractall(folder)
            os.chmod(os.path.join(folder, "bootstrap"), 0o755)
            self.unpacked[fn.code_sha_256] = folder
        return self.unpacked[fn.code_sha_256]

    def environment(self, fn, folder, runtime_api):
        """Lambda's variables; they win over the template's, as Lambda refuses reserved names. The endpoint is ours."""
        if fn.role not in self.keys:
            self.keys[fn.role] = identity.key_for(fn.account_id, fn.role)
        key = self.keys[fn.role]
        return {
            "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "LAMBDA_TASK_ROOT": folder,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": fn.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(fn.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group(fn),
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "_HANDLER": fn.handler,
            "AWS_REGION": fn.region,
            "AWS_DEFAULT_REGION": fn.region,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            # Lambda sets the address whether tracing is active or not; what is sent without tracing is not sampled.
            "AWS_XRAY_DAEMON_ADDRESS": self.xray_address,
            "AWS_MAX_ATTEMPTS": "3",  # of a call that is refused: the function's own six take half a minute
            "AWS_ENDPOINT_URL": self.url,
        }

    def asynchronously(self, fn, event, request_id=None):
        """An event that nobody waits for: from S3, EventBridge or an Event invocation."""
        request_id = request_id or str(uuid.uuid4())
        config = fn.event_invoke_config
        config = config[0].config if isinstance(config, list) and config else {}
        attempts = 1 + int(config.get("MaximumRetryAttempts", 2))
        for attempt in range(1, attempts + 1):
            result = self.run(fn, event, request_id, attempt)
            if not result.failed:
                return
        if any((config.get("DestinationConfig") or {}).values()):
            raise NotImplementedError("the emulator does not know destinations")
        self.to_dead_letter_queue(fn, event, result)

    def to_dead_letter_queue(self, fn, event, result):
        target = getattr(fn, "dead_letter_target", None)
        if not target:
            return
        if not identity.ask(fn.account_id, fn.role, "sqs:SendMessage", target):
            raise PermissionError(f"{fn.role} may not send to {target}: the event is lost (DeadLetterErrors)")
        attributes = {
            "RequestID": result.request_id,
            "ErrorCode": "200",
            "ErrorMessage": json.loads(result.response).get("errorMessage", "")[:1024],
        }
        sqs_backends[fn.account_id][fn.region].send_message(
            target.rpartition(":")[2],
            json.dumps(event),
            message_attributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        )

    def close(self):
        self.folder.cleanup()


class RuntimeAPI(http.server.ThreadingHTTPServer):
    """The runtime API for one invocation. It is over when the program asks for the next one, or ends."""

    daemon_threads = True

    def __init__(self, fn, event, request_id):
        self.headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + int(fn.timeout)) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": fn.function_arn,
            "Lambda-Runtime-Trace-Id": "Root=1-%08x-%s;Parent=%s;Sampled=%d"
            % (int(time.time()), uuid.uuid4().hex[:24], uuid.uuid4().hex[:16], fn.tracing_config["Mode"] == "Active"),
            "Content-Type": "application/json",
        }
        self.event, self.answer, self.failed = json.dumps(event).encode(), None, False
        self.asked, self.over = False, threading.Event()
        super().__init__(("127.0.0.1", 0), RuntimeAPIHandler)
        self.address = "%s:%d" % self.server_address
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class RuntimeAPIHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):  # /2018-06-01/runtime/invocation/next
        if self.server.asked:
            self.server.over.set()
            self.close_connection = True
            return
        self.server.asked = True
        self.send_response(200)
        for name, value in {**self.server.headers, "Content-Length": str(len(self.server.event))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self):  # …/{id}/response, …/{id}/error, /runtime/init/error
        self.server.answer = self.body().decode()
        self.server.failed = self.path.endswith("/error")
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if self.path.endswith("/init/error"):
            self.server.over.set()

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole


def permits(fn, service, context):
    """Whether the function's resource policy lets a service invoke it."""
    # Moto keeps the request's FunctionName in the statement, and a Resource with the version, which AWS takes as the
    # function.
    statements = [{**s, "Resource": fn.function_arn} for s in fn.policy.statements]
    for statement in statements:
        statement.pop("FunctionName", None)
    return policy.allows([{"Statement": statements}], "lambda:InvokeFunction", fn.function_arn, context, service)


def find(arn):
    _, _, _, region, account, _, name = arn.split(":")[:7]
    return lambda_backends[account][region].get_function(name)


def install(service):
    """Puts this Lambda in the place of moto's, which needs containers."""

    def invoke(fn, body, request_headers, response_headers):
        event = json.loads(body or "{}")
        if request_headers.get("X-Amz-Invocation-Type") == "Event":
            service.work.submit(service.asynchronously, fn, event)
            return b""
        result = service.run(fn, event, str(uuid.uuid4()))
        if result.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        response_headers["x-amz-log-result"] = base64.b64encode(result.output.encode()[-4096:]).decode()
        return result.response.encode()

    LambdaFunction.invoke = invoke
    # Moto forgets both.
    keep = LambdaFunction.__init__

    def remember(fn, account_id, spec, *arguments, **more):
        keep(fn, account_id, spec, *arguments, **more)
        remember_rest(fn, spec)

    def remember_rest(fn, spec):
        if "DeadLetterConfig" in spec:
            fn.dead_letter_target = spec["DeadLetterConfig"].get("TargetArn")
        if "LoggingConfig" in spec:
            fn.logging_config = spec["LoggingConfig"]
            service.log_groups[fn.function_name] = spec["LoggingConfig"].get("LogGroup")
        if "TracingConfig" in spec:
            fn.tracing_config = spec["TracingConfig"]

    configuration, update = LambdaFunction.get_configuration, LambdaFunction.update_configuration

    def with_rest(fn, *arguments, **more):
        answer = configuration(fn, *arguments, **more)
        if getattr(fn, "dead_letter_target", None):
            answer["DeadLetterConfig"] = {"TargetArn": fn.dead_letter_target}
        if getattr(fn, "logging_config", None):
            answer["LoggingConfig"] = fn.logging_config
        return answer

    def update_with_rest(fn, updates):
        remember_rest(fn, updates)
        return update(fn, updates)

    LambdaFunction.__init__ = remember
    LambdaFunction.get_configuration = with_rest
    LambdaFunction.update_configuration = update_with_rest
