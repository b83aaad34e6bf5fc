"""CrewAI's `agents.yaml` and `tasks.yaml`: each task becomes a step of its agent.

A crew's order, tools and schemas are in its Python, which is not read: tasks follow one another as they are written, each
sees what came before it (as in CrewAI's sequential process), and a task without an agent is given the likeliest.
"""

import re
from typing import Any

from domain.pipelines.importing.imported import Imported, identifier, label, literal, loaded, model_name

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][\w-]*)\s*\}\}|\{([A-Za-z_][\w-]*)\}")
"""CrewAI fills in `{name}`; some crews write it doubled."""
_AGENT_FIELDS = {"role", "goal", "backstory", "tools", "llm", "max_iter", "verbose", "name"}
_TASK_FIELDS = {
    "description",
    "expected_output",
    "agent",
    "context",
    "tools",
    "human_input",
    "async_execution",
    "verbose",
    "name",
}
_WORD = re.compile(r"[a-z]{4,}")


def import_crew(agents: str | bytes, tasks: str | bytes, *, name: str, model: str | None = None) -> Imported:
    """A crew in our language. `model` is asked for everything, in place of what the crew says.

    Raises PipelineError where a text is not a mapping, or has no task.
    """
    said_agents = _entries(loaded(agents, "agents.yaml"))
    said_tasks = _entries(loaded(tasks, "tasks.yaml"))
    imported = Imported({"version": 1, "name": label(name), "inputs": {}, "defaults": {"model": model or "auto"}})
    return _Crew(imported, said_agents, said_tasks, model).carried()


def _entries(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in document.items() if isinstance(entry, dict)}


class _Crew:
    def __init__(
        self, imported: Imported, agents: dict[str, dict[str, Any]], tasks: dict[str, dict[str, Any]], model: str | None
    ) -> None:
        self.imported = imported
        self.agents = agents
        self.tasks = tasks
        self.model = model
        self.ids: dict[str, str] = {}
        self.inputs: dict[str, str] = {}

    def carried(self) -> Imported:
        document = self.imported.document
        for one in self.tasks:
            self.ids[one] = identifier(one, self.ids.values(), otherwise="task")
        document["agents"] = {label(name): self._agent(name, entry) for name, entry in self.agents.items()}
        steps: list[dict[str, Any]] = []
        results: dict[str, str] = {}
        for at, (name, entry) in enumerate(self.tasks.items()):
            steps.append(self._task(at, name, entry, results))
            results[name] = f"{self.ids[name]}.result"
            if entry.get("human_input") is True:
                steps.append(self._approval(name, results))
        document["inputs"] = {
            name: {"type": "string", "description": f"{{{said}}}"} for said, name in self.inputs.items()
        }
        if results:
            document["outputs"] = {"result": "{{ " + list(results.values())[-1] + " }}"}
        document["steps"] = steps
        return self.imported

    def _agent(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        agent: dict[str, Any] = {}
        for ours, theirs in (("role", "role"), ("goal", "goal"), ("instructions", "backstory")):
            text = self._text(entry.get(theirs))
            if text:
                agent[ours] = text
        self._common(name, entry, agent, _AGENT_FIELDS)
        if isinstance(entry.get("max_iter"), int) and entry["max_iter"] > 0:
            agent["max_steps"] = min(entry["max_iter"], 1_000)
        llm = entry.get("llm")
        if isinstance(llm, str) and self.model is None:
            vendor, _, model = llm.partition("/")
            known = model_name(vendor, model) if model else None
            if known is None:
                self.imported.note(name, f"the model {llm[:100]!r} is of no vendor known here; `auto` is asked")
            else:
                agent["model"] = known
        return agent

    def _task(self, at: int, name: str, task: dict[str, Any], results: dict[str, str]) -> dict[str, Any]:
        step: dict[str, Any] = {"id": self.ids[name], "kind": "agent"}
        agent = self._who(at, name, task)
        if agent is not None:
            step["agent"] = label(agent)
        prompt = self._text(task.get("description")) or label(name)
        expected = self._text(task.get("expected_output"))
        step["prompt"] = f"{prompt}\n\nWhat is expected:\n{expected}" if expected else prompt
        seen = self._context(name, task, results)
        if seen:
            step["input"] = {self.ids[one]: "{{ " + results[one] + " }}" for one in seen}
        self._common(name, task, step, _TASK_FIELDS)
        if task.get("async_execution") is True:
            self.imported.note(
                name, "it runs as soon as what it refers to has finished; asynchrony is not said in a pipeline"
            )
        return step

    def _approval(self, name: str, results: dict[str, str]) -> dict[str, Any]:
        step_id = identifier(f"{self.ids[name]}_agreed", self.ids.values())
        self.ids[f"{name} (agreed)"] = step_id
        value = "{{ " + results[name] + " }}"
        results[name] = f"{step_id}.result.value"
        return {"id": step_id, "kind": "approval", "value": value}

    def _context(self, name: str, task: dict[str, Any], results: dict[str, str]) -> list[str]:
        said = task.get("context")
        if not isinstance(said, list):
            return list(results)
        for one in said:
            if one not in results:
                self.imported.note(name, f"its context names {str(one)[:100]!r}, which is no task before it")
        return [one for one in said if one in results]

    def _who(self, at: int, name: str, task: dict[str, Any]) -> str | None:
        said = task.get("agent")
        if isinstance(said, str) and said in self.agents:
            return said
        if isinstance(said, str):
            self.imported.note(name, f"there is no agent {said[:100]!r}; another was chosen")
        if not self.agents:
            return None
        names = list(self.agents)
        if len(names) == 1:
            return names[0]
        chosen = (
            names[at] if len(names) == len(self.tasks) else max(names, key=lambda one: self._likeness(one, name, task))
        )
        how = "by its place" if len(names) == len(self.tasks) else "by its words"
        self.imported.note(name, f"the crew's Python says who does it; {chosen!r} was chosen {how}")
        return chosen

    def _likeness(self, agent: str, name: str, task: dict[str, Any]) -> int:
        entry = self.agents[agent]
        has = set(_WORD.findall(f"{agent} {entry.get('role')} {entry.get('goal')}".lower().replace("_", " ")))
        wants = set(_WORD.findall(f"{name} {task.get('description')}".lower().replace("_", " ")))
        return len(has & wants)

    def _common(self, name: str, entry: dict[str, Any], into: dict[str, Any], known: set[str]) -> None:
        tools = entry.get("tools")
        if isinstance(tools, list) and tools:
            into["tools"] = [label(one) for one in tools]
            self.imported.note(name, f"its tools ({', '.join(into['tools'])}) have to be registered under these names")
        left = sorted(str(field)[:50] for field in entry if field not in known)
        if left:
            self.imported.note(name, f"not carried: {', '.join(left)}")

    def _text(self, text: Any) -> str:
        """A text with its places as references to inputs, and nothing else in it taken for a template."""
        if not isinstance(text, str):
            return ""
        parts: list[str] = []
        end = 0
        for found in _PLACE.finditer(text):
            parts.append(literal(text[end : found.start()]))
            said = found[1] or found[2]
            if said not in self.inputs:
                self.inputs[said] = identifier(said, [*self.ids.values(), *self.inputs.values()], otherwise="input")
            parts.append("{{ " + self.inputs[said] + " }}")
            end = found.end()
        parts.append(literal(text[end:]))
        return "".join(parts).strip()
