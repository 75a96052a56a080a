"""Write src/batchyard/data/service_linked_roles.json from the project's fact file of what AWS answered.

python scripts/generate_service_linked_roles.py --facts service-linked-roles.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "batchyard" / "data" / "service_linked_roles.json"


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--facts", type=Path, required=True)
    facts = json.loads(arguments.parse_args().facts.read_text())
    about = {
        "what": "service principal: role name, managed policy, is a custom suffix allowed, the description of the "
        "service when it makes the role itself (null: not known). Path, trust and session length are the same "
        "for all",
        "source": facts["about"]["derived_from"],
        "guess": "where AWS's answer to a custom suffix is not known, none is allowed",
        "generated_by": "scripts/generate_service_linked_roles.py",
    }
    roles = sorted(facts["roles"] + facts["extras"], key=lambda role: str(role["service_principal"]))
    lines = ",\n".join(f"{json.dumps(each['service_principal'])}:{json.dumps(row(each))}" for each in roles)
    TARGET.write_text(f'{{"about":{json.dumps(about)},\n"roles":{{\n{lines}\n}}}}\n')


def row(role: dict[str, Any]) -> list[Any]:
    principal = role["service_principal"]
    (policy,) = role["managed_policies"]
    assert role["path"] == f"/aws-service-role/{principal}/"
    assert role.get("trust_principal", {"Service": principal}) == {"Service": principal}
    assert role.get("max_session_duration", 3600) == 3600
    assert not role.get("inline_policies")
    suffix_allowed = role["custom_suffix_allowed"] is True
    return [role["role_name"], policy, suffix_allowed, role["description_when_created_by_the_service"]]


if __name__ == "__main__":
    main()
