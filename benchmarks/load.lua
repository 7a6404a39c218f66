-- Posts the lines of a file (third argument of the script) in turn, each connection from another place on, with the
-- token of the fourth argument; prints one JSON object at the end.
local bodies, token = {}, nil

function setup(thread)
  thread:set("number", 0)
end

function init(args)
  for line in io.lines(args[1]) do
    bodies[#bodies + 1] = line
  end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if args[2] ~= nil then
    wrk.headers["Authorization"] = "Bearer " .. args[2]
  end
end

function request()
  number = number % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[number])
end

function done(summary, latency, requests)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "wrong": %d, "p50_ms": %f, "p99_ms": %f, "max_ms": %f}\n',
    summary.requests, summary.duration / 1e6, wrong,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
