"""Add the rules of ECR that MiniStack's registry lacks.

A push that works on the embedded AWS must also work on AWS: an image is accepted only if all of its parts are there, a
layer is mounted only where ECR mounts it, and sizes are those of the image. MiniStack stores all of this per account
and region. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.scans import Verdicts, answer_scans

_Query: TypeAlias = dict[str, list[str]]
_Answer: TypeAlias = tuple[int, dict[str, str], bytes]

# The values of each setting, the default first: API reference, PutAccountSetting; botocore, ecr/2015-09-21.
_ACCOUNT_SETTINGS = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "REGISTRY_POLICY_SCOPE": ("V2",),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}
_OK, _CREATED, _ACCEPTED, _BAD_REQUEST = 200, 201, 202, 400


def apply_ecr_rules(ecr: Any) -> Verdicts:  # noqa: ANN401 - an untyped package
    """Apply every patch of this module to MiniStack's ECR, and return the findings and signatures of images."""
    settings = keep_account_settings(ecr)
    restrict_mounts(ecr, settings)
    answer_uploads(ecr)
    refuse_incomplete_images(ecr)
    refuse_immutable_tags(ecr)
    report_missing_images(ecr)
    size_images(ecr)
    report_layers(ecr)
    delete_contents(ecr)
    return answer_scans(ecr)


def keep_account_settings(ecr: Any) -> Any:  # noqa: ANN401 - an untyped package
    """Add ``GetAccountSetting`` and ``PutAccountSetting``, which MiniStack lacks, and return the settings."""
    handle, reset, error = find(ecr, "handle_request"), find(ecr, "reset"), find(ecr, "error_response_json")
    respond, settings = find(ecr, "json_response"), find(ecr, "AccountRegionScopedDict")()

    def get_or_put(action: str, request: Properties) -> object:
        name = request.get("name", "")
        if name not in _ACCOUNT_SETTINGS:
            message = f"Invalid parameter at 'name' failed to satisfy constraint: one of {sorted(_ACCOUNT_SETTINGS)}"
            return error("InvalidParameterException", message, _BAD_REQUEST)
        values = _ACCOUNT_SETTINGS[name]
        if action == "PutAccountSetting":
            if request.get("value") not in values:
                message = f"Invalid parameter at 'value' failed to satisfy constraint: one of {sorted(values)}"
                return error("InvalidParameterException", message, _BAD_REQUEST)
            settings[name] = request["value"]
        return respond({"name": name, "value": settings.get(name, values[0])})

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: _Query) -> object:  # noqa: ANN401
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action in {"GetAccountSetting", "PutAccountSetting"}:
            return get_or_put(action, json.loads(body or b"{}"))
        return await handle(method, path, headers, body, query)

    def reset_all() -> None:
        reset()
        settings.clear()

    ecr.handle_request, ecr.reset = handle_request, reset_all
    return settings


def restrict_mounts(ecr: Any, settings: Any) -> None:  # noqa: ANN401 - an untyped package
    """Mount a layer of another repository only where ECR does; otherwise start a normal upload.

    The account setting must be on, both repositories must have the same encryption, and an image in the source must
    refer to the layer: an uploaded layer is not enough (user guide, "Blob mounting in Amazon ECR";
    aws/containers-roadmap#2860). MiniStack searches the source in the destination's account and region only, and shares
    the bytes.
    """
    start, first = find(ecr, "_v2_start_blob_upload"), find(ecr, "_query_first")
    repositories, images = find(ecr, "_repositories"), find(ecr, "_images")

    def encryption(name: str) -> tuple[str, str]:
        configuration = repositories[name].get("encryptionConfiguration") or {}
        return configuration.get("encryptionType", "AES256"), configuration.get("kmsKey", "")

    def mounts(name: str, digest: str, source: str) -> bool:
        return (
            settings.get("BLOB_MOUNTING") == "ENABLED"
            and name in repositories
            and source in repositories
            and encryption(name) == encryption(source)
            and any(digest in _blobs(_read(image.get("imageManifest"))) for image in images.get(source, ()))
        )

    def start_blob_upload(name: str, query: _Query, body: bytes) -> object:
        if not mounts(name, first(query, "mount") or "", first(query, "from") or ""):
            query = {key: value for key, value in query.items() if key not in {"mount", "from"}}
        return start(name, query, body)

    ecr._v2_start_blob_upload = start_blob_upload  # noqa: SLF001 - what this module is for


def answer_uploads(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Answer uploads in parts as ECR does, and store a layer that arrives in one piece without copying it twice.

    ECR answers a part with 201, although the specification requires 202, and its ``Range`` stays at the end of the
    first part although it stores all parts (aws/containers-roadmap#2831, the reporter's second comment).
    """
    patch, complete = find(ecr, "_v2_patch_blob_upload"), find(ecr, "_v2_complete_blob_upload")
    cancel, uploads = find(ecr, "_v2_cancel_blob_upload"), find(ecr, "_uploads")
    first_range: dict[str, str] = {}

    def patch_blob_upload(name: str, session: str, body: bytes) -> _Answer:
        status, headers, answer = patch(name, session, body)
        if status != _ACCEPTED:
            return status, headers, answer
        return _CREATED, {**headers, "Range": first_range.setdefault(session, headers["Range"])}, answer

    def complete_blob_upload(name: str, session: str, query: _Query, body: bytes) -> _Answer:
        first_range.pop(session, None)
        sessions = uploads.get(name, {})
        whole = session in sessions and not sessions[session]
        if whole:
            sessions[session], body = body, b""
        answer: _Answer = complete(name, session, query, body)
        if whole and session in sessions:  # refused: the client may continue this upload
            sessions[session] = bytearray()
        return answer

    def cancel_blob_upload(name: str, session: str) -> object:
        first_range.pop(session, None)
        return cancel(name, session)

    ecr._v2_patch_blob_upload = patch_blob_upload  # noqa: SLF001 - what this module is for
    ecr._v2_complete_blob_upload = complete_blob_upload  # noqa: SLF001
    ecr._v2_cancel_blob_upload = cancel_blob_upload  # noqa: SLF001


def refuse_incomplete_images(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Refuse an image with a wrong digest, or with missing layers, configuration or child images.

    Layers with ``urls`` are stored elsewhere and may be missing. Codes and messages are ECR's. Its HTTP status is not
    documented; 400 is that of the reference implementation (distribution/distribution). ``PutImage`` of the AWS API is
    unchanged: no client of this library uses it.
    """
    put, error, digest_of = find(ecr, "_v2_put_manifest"), find(ecr, "_registry_error"), find(ecr, "_content_digest")
    repositories, images, layers = find(ecr, "_repositories"), find(ecr, "_images"), find(ecr, "_layer_blobs")
    account = find(ecr, "_registry_id")

    def fault(name: str, ref: str, body: bytes) -> tuple[str, str] | None:
        """Return code and message of the error in an image, or None."""
        manifest = _read(body)
        if not manifest:
            return (
                "UNSUPPORTED",
                "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
            )
        if ref.startswith("sha256:") and ref != digest_of(body):
            return "MANIFEST_INVALID", (
                f"The image with digest '{ref}' in repository '{name}' and registry ID '{account()}' does not match "
                "the image digest that Amazon ECR has calculated."
            )
        stored = {image.get("imageDigest") for image in images.get(name, ())}
        children = [child for child in _children(manifest) if child not in stored]
        blobs = [blob for blob in _blobs(manifest, foreign=False) if blob not in layers.get(name, {})]
        for kind, missing in (("Images", children), ("Layers", blobs)):
            if missing:
                return "MANIFEST_BLOB_UNKNOWN", (
                    f"{kind} with digests '[{', '.join(missing)}]' required for pushing image into repository with "
                    f"name '{name}' in the registry with id '{account()}' do not exist"
                )
        return None

    def put_manifest(name: str, ref: str, headers: Properties, body: bytes) -> object:
        problem = fault(name, ref, body) if name in repositories and body else None
        return put(name, ref, headers, body) if problem is None else error(_BAD_REQUEST, *problem, {})

    ecr._v2_put_manifest = put_manifest  # noqa: SLF001 - what this module is for


def refuse_immutable_tags(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Refuse a second push of an immutable tag, as AWS does, even of the same image (containers-roadmap#2179)."""
    put, images = find(ecr, "_v2_put_manifest"), find(ecr, "_images")
    repositories, error = find(ecr, "_repositories"), find(ecr, "_registry_error")

    def put_manifest(name: str, ref: str, headers: Properties, body: object) -> object:
        immutable = name in repositories and repositories[name].get("imageTagMutability") == "IMMUTABLE"
        if immutable and any(ref in image.get("imageTags", ()) for image in images.get(name, ())):
            message = (
                f"The image tag '{ref}' already exists in the '{name}' repository and cannot be overwritten because "
                "the repository is immutable."
            )
            return error(_BAD_REQUEST, "TAG_INVALID", message, {"tag": ref})
        return put(name, ref, headers, body)

    ecr._v2_put_manifest = put_manifest  # noqa: SLF001 - what this module is for


def report_missing_images(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Report an unknown tag as an error, as AWS does: MiniStack's empty list looks like an image to the CDK CLI."""
    describe, find_image = find(ecr, "_describe_images"), find(ecr, "_find_image")
    repositories, error = find(ecr, "_repositories"), find(ecr, "error_response_json")

    def describe_images(request: Properties) -> object:
        name = request.get("repositoryName", "")
        for image in request.get("imageIds") or []:
            if name in repositories and not find_image(name, image):
                message = f"The image with imageId {image} does not exist within the repository with name '{name}'"
                return error("ImageNotFoundException", message, _BAD_REQUEST)
        return describe(request)

    ecr._describe_images = describe_images  # noqa: SLF001 - what this module is for


def size_images(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Report the size of an image's parts; MiniStack reports the size of its manifest.

    An index has the size of its largest image (API reference, ImageDetail).
    """
    describe, respond = find(ecr, "_describe_images"), find(ecr, "json_response")
    images, layers = find(ecr, "_images"), find(ecr, "_layer_blobs")

    def size(name: str, digest: str) -> int:
        texts = (image["imageManifest"] for image in images.get(name, ()) if image["imageDigest"] == digest)
        manifest = _read(next(texts, None))
        children = [size(name, child) for child in _children(manifest)]
        stored = layers.get(name, {})
        return max(children, default=0) + sum(len(stored.get(blob, b"")) for blob in _blobs(manifest))

    def describe_images(request: Properties) -> object:
        answer = describe(request)
        if answer[0] != _OK:
            return answer
        result: Properties = json.loads(answer[2])
        for image in result["imageDetails"]:
            image["imageSizeInBytes"] = size(image["repositoryName"], image["imageDigest"])
        return respond(result)

    ecr._describe_images = describe_images  # noqa: SLF001 - what this module is for


def report_layers(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let ``BatchCheckLayerAvailability`` report existing layers; MiniStack reports every layer as missing."""
    check, respond = find(ecr, "_batch_check_layer_availability"), find(ecr, "json_response")
    repositories, layers = find(ecr, "_repositories"), find(ecr, "_layer_blobs")

    def layer(name: str, digest: str) -> Properties:
        blob = layers.get(name, {}).get(digest)
        if blob is None:
            return {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
        return {"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": len(blob)}

    def batch_check_layer_availability(request: Properties) -> object:
        name = request.get("repositoryName", "")
        if name not in repositories:
            return check(request)
        result = [layer(name, digest) for digest in request.get("layerDigests") or []]
        return respond({"layers": result, "failures": []})

    ecr._batch_check_layer_availability = batch_check_layer_availability  # noqa: SLF001 - what this module is for


def delete_contents(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Delete a repository's layers with it, and an image's manifest with the image; MiniStack keeps both.

    Otherwise a new repository of the same name would have the layers, and a copy would not send them.
    """
    delete_repository, delete_images = find(ecr, "_delete_repository"), find(ecr, "_batch_delete_image")
    layers, manifests, uploads = find(ecr, "_layer_blobs"), find(ecr, "_manifest_blobs"), find(ecr, "_uploads")

    def delete_repository_and_contents(request: Properties) -> object:
        answer = delete_repository(request)
        if answer[0] == _OK:
            for store in (layers, manifests, uploads):
                store.pop(request["repositoryName"], None)
        return answer

    def batch_delete_image(request: Properties) -> object:
        answer = delete_images(request)
        if answer[0] == _OK:
            for image in json.loads(answer[2])["imageIds"]:
                manifests.get(request["repositoryName"], {}).pop(image["imageDigest"], None)
        return answer

    ecr._delete_repository = delete_repository_and_contents  # noqa: SLF001 - what this module is for
    ecr._batch_delete_image = batch_delete_image  # noqa: SLF001


def _read(manifest: str | bytes | None) -> Properties:
    """Return a manifest as an object; an empty one if it is invalid."""
    try:
        content = json.loads(manifest or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _blobs(manifest: Properties, *, foreign: bool = True) -> list[str]:
    """Return the digests of configuration and layers, each once; ``foreign`` layers are those with ``urls``."""
    parts = [manifest.get("config") or {}, *(manifest.get("layers") or ())]
    return list(
        dict.fromkeys(part["digest"] for part in parts if "digest" in part and (foreign or not part.get("urls")))
    )


def _children(manifest: Properties) -> list[str]:
    """Return the digests of the images in an index."""
    return list(dict.fromkeys(child["digest"] for child in manifest.get("manifests") or ()))
