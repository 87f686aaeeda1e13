-- Sticky sessions (TG-25, TG-26): a client's cookie names its target, and each response sets the cookie again. The context of the route or of
-- the chosen cluster has the settings (stickiness.py); without a cookie's name, only what request.lua chose is set.

local TARGET = "x-sandbox-target"
local EXPIRES_AFTER = 7 * 24 * 3600

local function now(handle)
  return tonumber(tostring(handle:timestamp(EnvoyTimestampResolution.MILLISECOND)))
end

local function cookie(headers, name)
  for pair in (headers:get("cookie") or ""):gmatch("[^;]+") do
    local key, value = pair:match("^%s*([^=%s]+)=(.-)%s*$")
    if key == name then return value end
  end
end

local function encode(text)
  return (text:gsub(".", function(character) return string.format("%02x", character:byte()) end))
end

local function decode(text)
  if not text or #text % 2 == 1 or not text:match("^%x+$") then return "" end
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- Twice, as an ALB does: browsers send the second one also from other sites.
local function set(headers, name, text)
  local value, expires = encode(text), os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + EXPIRES_AFTER)
  headers:add("Set-Cookie", name .. "=" .. value .. "; Expires=" .. expires .. "; Path=/")
  if not name:find("APP") then
    headers:add("Set-Cookie", name .. "CORS=" .. value .. "; Expires=" .. expires .. "; Path=/; SameSite=None; Secure")
  end
end

-- TG-26: whether the application's response has its cookie.
local function begins(headers, app)
  for index = 0, headers:getNumValues("set-cookie") - 1 do
    if headers:getAtIndex("set-cookie", index):match("^%s*([^=%s]+)=") == app then return true end
  end
  return false
end

function envoy_on_request(handle)
  local context, headers = handle:filterContext(), handle:headers()
  local name, app = context:get("cookie"), context:get("app")
  if name == "" or (app and not cookie(headers, app)) then return end
  local address, issued, group = decode(cookie(headers, name)):match("^(%S+) (%d+) (%S+)$")
  if address and group == context:get("group") and now(handle) - tonumber(issued) <= context:get("milliseconds") then
    handle:setUpstreamOverrideHost(address, false)
    handle:streamInfo():dynamicMetadata():set("sandbox.sticky", "again", true)
  end
end

function envoy_on_response(handle)
  local context, headers = handle:filterContext(), handle:headers()
  local address = headers:get(TARGET)
  headers:remove(TARGET)
  if not address or not address:find(":%d+$") then return end
  local seen = handle:streamInfo():dynamicMetadata():get("sandbox.sticky") or {}
  if seen.choice then set(headers, "AWSALBTG", seen.choice .. " " .. now(handle)) end
  local name, app = context:get("cookie"), context:get("app")
  if name == "" or (app and not begins(headers, app)) then return end
  set(headers, name, address .. " " .. now(handle) .. " " .. context:get("group"))
end
