"""The simulator's server on this machine: how fast it simulates, and how soon it answers.

python benchmarks/serve.py [--seconds 300]     one line of JSON; nothing else should run beside it
python benchmarks/serve.py --grid              the offline grid too: its time and size, minutes
"""

import argparse
import http.client
import json
import statistics
import threading
import time

from defaultmode.pipeline.offline_grid import offline_grid
from defaultmode.pipeline.serving import routes_of
from defaultmode.pipeline.serving_subjects import simulator_of
from defaultmode.running.local_server import ADDRESS, JSON_TYPE, LocalServer, written

ASKED = {"brain": "depressed_hyper", "treatment": "ketamine", "dose": 0.5}
REPEATS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--grid", action="store_true")
    options = parser.parse_args()
    simulator = simulator_of(None)
    server = LocalServer(lambda token: token, routes_of(simulator))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        found = answers(server) | streams(server, options.seconds)
    finally:
        server.shutdown()
        server.close()
        thread.join()
    if options.grid:
        started = time.monotonic()
        grid = offline_grid(simulator)
        found["grid_s"] = round(time.monotonic() - started, 1)
        found["grid_mb"] = round(len(written(grid)) / 1e6, 2)
        found["grid_connectivities"] = len(grid["edges"])
    print(json.dumps(found))


def asked(server: LocalServer, path: str, body: dict[str, object]) -> http.client.HTTPResponse:
    """A reply whose first line has come."""
    connection = http.client.HTTPConnection(ADDRESS, server.server_port)
    headers = {"X-Token": server.token, "Content-Type": JSON_TYPE}
    connection.request("POST", path, written(body), headers)
    return connection.getresponse()


def answers(server: LocalServer) -> dict[str, object]:
    """Time of a course, and of a frame that was never computed; medians."""
    courses, each = [], []
    for k in range(REPEATS):
        body = ASKED | {"dose": 0.4 + 0.01 * k, "seed": k}
        started = time.monotonic()
        asked(server, "/api/course", body).read()
        courses.append(time.monotonic() - started)
        started = time.monotonic()
        lines = asked(server, "/api/frames", body).read().splitlines()
        each.append((time.monotonic() - started) / len(lines))
    return {
        "course_ms": round(1000 * statistics.median(courses)),
        "frame_ms": round(1000 * statistics.median(each)),
    }


def streams(server: LocalServer, seconds: float) -> dict[str, object]:
    """Brain time over wall time of a stream, and over the time on a core of all threads."""
    first_ms, rates, cpu_rates = [], [], []
    for k in range(REPEATS):
        started, cpu = time.monotonic(), time.process_time()
        reply = asked(server, "/api/live", ASKED | {"seed": k, "duration_s": seconds})
        reply.readline()
        first_ms.append(1000 * (time.monotonic() - started))
        reply.read()
        rates.append(seconds / (time.monotonic() - started))
        cpu_rates.append(seconds / (time.process_time() - cpu))
    return {
        "first_line_new_brain_ms": round(first_ms[0]),
        "first_line_ms": round(statistics.median(first_ms[1:])),
        "brain_s_per_wall_s": round(statistics.median(rates[1:]), 1),
        "brain_s_per_cpu_s": round(statistics.median(cpu_rates[1:]), 1),
    }


if __name__ == "__main__":
    main()
