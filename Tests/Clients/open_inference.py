"""Runs the documented flows of the Open Inference Protocol with other people's clients, unmodified.

Written for tritonclient 2.73.0 and kserve 0.21.0, Python 3.11:

    pip install 'tritonclient[http]' kserve numpy
    posterior-server --models models --model-control explicit --load-models '*' --port 8080
    python Tests/Clients/open_inference.py 127.0.0.1:8080 two_moons

It ends with a line for each check, and with status 1 at the first that fails.
"""

import asyncio
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

address, model = sys.argv[1], sys.argv[2]


def check(name, condition):
    print("ok  " if condition else "FAIL", name, flush=True)
    if not condition:
        sys.exit(1)


def tritonclient_flows():
    client = triton.InferenceServerClient(address)
    check("live and ready", client.is_server_live() and client.is_server_ready())
    check("model ready", client.is_model_ready(model))
    server = client.get_server_metadata()
    check("server metadata", "binary_tensor_data" in server["extensions"])
    metadata = client.get_model_metadata(model)
    width = metadata["inputs"][0]["shape"][1]
    dimension = metadata["outputs"][0]["shape"][2]
    x = np.linspace(-0.2, 0.2, 3 * width, dtype=np.float32).reshape(3, width)

    def infer(binary, outputs=("samples", "log_prob", "fisher_trace"), count=100, theta=None, **more):
        inputs = [triton.InferInput("observation", list(x.shape), "FP32")]
        inputs[0].set_data_from_numpy(x, binary_data=binary)
        if theta is not None:
            inputs.append(triton.InferInput("theta", list(theta.shape), "FP32"))
            inputs[1].set_data_from_numpy(theta, binary_data=binary)
        wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in outputs]
        return client.infer(
            model, inputs, outputs=wanted or None, request_id="a b",
            parameters={"num_samples": count, "seed": 7}, **more
        )

    binary, text = infer(True), infer(False)
    check("shapes", binary.as_numpy("samples").shape == (3, 100, dimension))
    for name in ("samples", "log_prob", "fisher_trace"):
        check(f"{name}: binary equals JSON", np.array_equal(binary.as_numpy(name), text.as_numpy(name)))
    check("id is echoed", binary.get_response()["id"] == "a b")
    theta = binary.as_numpy("samples")
    again = infer(True, ["log_prob"], theta=theta).as_numpy("log_prob")
    check("log_prob of theta", np.allclose(again, binary.as_numpy("log_prob"), atol=1e-3))
    check("all outputs", infer(True, []).as_numpy("samples").shape == (3, 100, dimension))
    for coding in ("gzip", "deflate"):
        coded = infer(True, request_compression_algorithm=coding, response_compression_algorithm=coding)
        check(f"{coding} both ways", np.array_equal(coded.as_numpy("samples"), theta))
    long = infer(True, ["samples"], count=200_000).as_numpy("samples")
    check("a long answer is streamed", long.shape == (3, 200_000, dimension))
    check("and begins as the short one", np.array_equal(long[:, :100], theta))
    check("statistics", client.get_inference_statistics(model)["model_stats"][0]["inference_count"] > 0)
    try:
        client.infer("nothing", [triton.InferInput("observation", [1, 1], "FP32").set_data_from_numpy(np.zeros((1, 1), np.float32))])
        check("an unknown model is refused", False)
    except InferenceServerException as error:
        check("an unknown model is refused", "no model" in error.message())
    index = client.get_model_repository_index()
    check("index", any(row["name"] == model and row["state"] == "READY" for row in index))
    client.unload_model(model)
    check("unloaded", not client.is_model_ready(model))
    client.load_model(model)
    check("loaded", client.is_model_ready(model))
    check("same seed, same draws", np.array_equal(infer(True).as_numpy("samples"), theta))
    client.close()


async def kserve_flows():
    from kserve import InferInput, InferRequest, InferenceRESTClient, RESTConfig

    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    url = f"http://{address}"
    check("kserve: live", await client.is_server_live(url))
    check("kserve: ready", await client.is_server_ready(url))
    check("kserve: model ready", await client.is_model_ready(url, model))
    metadata = triton.InferenceServerClient(address).get_model_metadata(model)
    width = metadata["inputs"][0]["shape"][1]
    x = np.zeros((2, width), np.float32)
    for binary in (False, True):
        tensor = InferInput("observation", [2, width], "FP32")
        tensor.set_data_from_numpy(x, binary_data=binary)
        request = InferRequest(model, [tensor], parameters={"num_samples": 5, "seed": 1})
        answer = await client.infer(url, request, model_name=model)
        samples = next(output for output in answer.outputs if output.name == "samples")
        check(f"kserve: infer, binary {binary}", samples.as_numpy().shape[:2] == (2, 5))
    await client.close()


tritonclient_flows()
asyncio.run(kserve_flows())
