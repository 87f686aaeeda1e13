"""The Learn tab: lessons with steps that turn green while one works. looks.py looks, answers.py runs what a question asks, shown.py says
what is shown, blueprint.py has the routes. Whether a step is green is decided by sandbox/learn, as for `sandbox learn status`."""
