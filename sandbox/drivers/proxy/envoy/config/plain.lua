
-- Most requests need only a new trace id, and their host without its port. The header SHAPE, which Envoy sets before any filter
-- (scripts.py), says whether a request is one of them: it is small, has no trace id and no X-Forwarded-For, and its host is in lower case.
-- For the others, all of the script above runs. A look at each header would cost more than all the rest.

local everything = envoy_on_request
local SHAPE, PLAIN = "x-sandbox-shape", "^%d?%d?%d?%d   ([%l%d._-]+)(:?%d*)$" -- what is absent is empty
local prefix, second = "", 0

-- One in 2^48 per prefix, which is new each second.
local function new_root()
  local now = os.time()
  if now ~= second then
    second = now
    prefix = string.format("Root=1-%08x-%06x%06x", now, math.random(0, 0xffffff), math.random(0, 0xffffff))
  end
  return string.format("%s%06x%06x", prefix, math.random(0, 0xffffff), math.random(0, 0xffffff))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local host, port = (headers:get(SHAPE) or ""):match(PLAIN)
  if not host then return everything(handle) end
  if port ~= "" then headers:replace(":authority", host) end -- ALB-32, for a listener on port 80
  headers:add("X-Amzn-Trace-Id", new_root())
end
