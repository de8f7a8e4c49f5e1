"""The model card: generated from what training knows, never written by hand; JSON, and Markdown in zh and en."""

from __future__ import annotations

from collections.abc import Mapping

from risk.contract import FeatureContract, FeatureSpec
from risk.training import Trained

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("模型卡", "Model card"),
    "purpose": (
        "估计贷款转为不良的概率, 用于自动预审批; 不用于定价歧视或单独拒绝资料缺失的申请。",
        "Estimates the probability that a loan turns bad, for pre-approval; never declines on missing data alone.",
    ),
    "data": ("训练数据", "Training data"),
    "label": ("标签定义", "Label"),
    "metrics": ("指标(折外预测)", "Metrics (out-of-fold predictions)"),
    "features": ("特征", "Features"),
    "protected": ("受保护特征(不入模)", "Protected features (never inputs)"),
    "params": ("训练参数", "Recipe"),
    "limits": ("局限", "Limits"),
    "limit_text": (
        "指标只代表训练数据所来自的客群; 校准误差须与噪声下限一同阅读。",
        "Figures speak for the population of the training data; read the calibration error beside its noise floor.",
    ),
}


def document(trained: Trained, contract: FeatureContract) -> dict[str, object]:
    """Return the card as JSON: decimals are strings."""
    return {
        "model_sha256": trained.sha256,
        "contract": contract.name,
        "contract_hash": trained.contract_hash,
        "rows": trained.rows,
        "bad_rows": trained.bad_rows,
        "data_fingerprint": trained.data_fingerprint,
        "label_definition": trained.label_definition,
        "params": dict(trained.params),
        "metrics": trained.metrics.document(),
        "features": [_feature(spec) for spec in contract.model_specs],
        "derived": [{"name": one.name, "of": [one.numerator, one.denominator]} for one in contract.ratios],
        "protected": [spec.name for spec in contract.specs if spec.protected],
    }


def markdown(trained: Trained, contract: FeatureContract, *, locale: str) -> str:
    """Return the card as Markdown; any Chinese locale speaks Chinese, every other English."""
    place = 0 if locale.lower().startswith("zh") else 1

    def say(key: str) -> str:
        return _TEXTS[key][place]

    def name(spec: FeatureSpec) -> str:
        return (spec.zh, spec.en)[place]

    metrics = [f"| {key} | {value} |" for key, value in trained.metrics.document().items()]
    features = [
        f"| `{spec.name}` | {name(spec)} | {spec.data_class} | {spec.monotone:+d} |" for spec in contract.model_specs
    ]
    protected = ", ".join(f"`{spec.name}`" for spec in contract.specs if spec.protected)
    return "\n".join(
        [
            f"# {say('title')}: {contract.name}",
            "",
            say("purpose"),
            "",
            f"- sha256 `{trained.sha256}`",
            f"- contract `{trained.contract_hash}`",
            f"- {say('data')}: {trained.rows} ({trained.bad_rows} bad), `{trained.data_fingerprint}`",
            f"- {say('label')}: {trained.label_definition}",
            f"- {say('params')}: {', '.join(f'{key} {value}' for key, value in trained.params.items())}",
            f"- {say('protected')}: {protected or '-'}",
            f"- {say('limits')}: {say('limit_text')}",
            "",
            f"## {say('metrics')}",
            "",
            "| | |",
            "|---|---|",
            *metrics,
            "",
            f"## {say('features')}",
            "",
            "| | | | |",
            "|---|---|---|---|",
            *features,
            "",
        ]
    )


def _feature(spec: FeatureSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "type": spec.type.value,
        "data_class": spec.data_class.value,
        "monotone": spec.monotone,
        "missing": spec.missing.value,
    }
