-- What an ALB does to a request before it is forwarded (ALB-30, ALB-31, ALB-32, ALB-36), and its redirects (ALB-25). The metadata of the route has
-- the listener's settings (routes.py); a request without a route has none and passes unchanged.

math.randomseed(os.time() + (tonumber(tostring({}):match("0x(%x+)"), 16) or 0) % 1000000007)

local PAGE = "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n</body>\r\n</html>\r\n"
local TITLES = {
  ["301"] = "301 Moved Permanently", ["302"] = "302 Found", ["400"] = "400 Bad Request", ["414"] = "414 Request-URI Too Large",
  ["463"] = "463",
}
local LONGEST = 16 * 1024 -- ALB-36: of the request line, and of a header field
local AROUND_PATH = #"  HTTP/1.1"
local COLON = (":"):byte()
local CHOICE = "x-sandbox-choice"
local MOST_ADDRESSES = 30

local function answer(handle, status, location)
  local settings = handle:metadata()
  local headers = { [":status"] = status, ["server"] = settings:get("server"), ["content-type"] = "text/html", ["location"] = location }
  for name, value in pairs(settings:get("headers") or {}) do headers[name] = value end
  handle:respond(headers, PAGE:format(TITLES[status], TITLES[status]))
end

local function new_id()
  return string.format("1-%08x-%06x%06x%06x%06x", os.time(), math.random(0, 0xffffff), math.random(0, 0xffffff),
    math.random(0, 0xffffff), math.random(0, 0xffffff))
end

-- ALB-36; ALB-7: removes header fields whose name has other characters than letters, digits and hyphens, where the listener does so.
-- Returns the status to answer with when the request is too large.
local function check_fields(headers, drop_invalid)
  if #headers:get(":method") + #headers:get(":path") + AROUND_PATH > LONGEST then return "414" end
  local invalid = {}
  for name, value in pairs(headers) do
    if name:byte() ~= COLON then
      if #name + #value > LONGEST then return "400" end
      if drop_invalid and name:find("[^%w-]") then invalid[#invalid + 1] = name end
    end
  end
  for _, name in ipairs(invalid) do headers:remove(name) end
end

-- ALB-31: adds Root when the client sent none; otherwise Self with our id goes before the client's fields.
local function trace(headers)
  local given = headers:get("x-amzn-trace-id")
  if not given then
    headers:add("X-Amzn-Trace-Id", "Root=" .. new_id())
    return
  end
  local kept, root = {}, false
  for field in given:gmatch("[^;]+") do
    local name = field:match("^%s*([^=]*)"):lower()
    root = root or name == "root"
    if name ~= "self" then kept[#kept + 1] = field end
  end
  table.insert(kept, 1, (root and "Self=" or "Root=") .. new_id())
  headers:replace("x-amzn-trace-id", table.concat(kept, ";"))
end

-- ALB-30, for a request that has the header; the routes add and remove it. Returns false when there are more addresses than an ALB accepts.
local function forwarded_for(handle, headers, mode, with_port)
  local given = headers:get("x-forwarded-for")
  if given then
    local _, commas = given:gsub(",", "")
    if commas + 1 > MOST_ADDRESSES then return false end
  end
  if given and mode == "append" then
    local peer = handle:streamInfo():downstreamDirectRemoteAddress()
    if not with_port then peer = peer:gsub(":%d+$", ""):gsub("[%[%]]", "") end
    headers:replace("x-forwarded-for", given .. ", " .. peer)
  end
  return true
end

-- TG-27: selects the target group that the client's cookie names, or one at random by weight, and keeps it for the response (sticky.lua).
local function choose(handle, headers, choice)
  local known, issued = "", nil
  for pair in (headers:get("cookie") or ""):gmatch("[^;]+") do
    local text = pair:match("^%s*AWSALBTG=(%x+)%s*$")
    if text and #text % 2 == 0 then
      known, issued = text:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end):match("^(%S+) (%d+)$")
    end
  end
  local now = tonumber(tostring(handle:timestamp(EnvoyTimestampResolution.MILLISECOND)))
  if not issued or now - tonumber(issued) > choice.milliseconds then known = nil end
  local total, first = 0, {}
  for _, group in ipairs(choice.groups) do
    first[group.arn] = total
    total = total + group.weight
  end
  local number = first[known] or math.random(0, total - 1)
  local chosen
  for _, group in ipairs(choice.groups) do
    if number >= first[group.arn] then chosen = group.arn end
  end
  handle:streamInfo():dynamicMetadata():set("sandbox.sticky", "choice", chosen)
  headers:replace(CHOICE, tostring(number))
  handle:clearRouteCache()
end

-- ALB-32: lower case; with the port unless it is the default one.
local function host_for_target(host, port)
  local name, own = host:lower():match("^(.-):(%d+)$")
  name = name or host:lower()
  if port == "80" then return name end
  return name .. ":" .. (own or port)
end

-- ALB-25. `#{port}` is the port in the Host header, so that a redirect can be followed through a local port; on AWS it is the listener's.
local function redirect(handle, headers, settings)
  local path, query = headers:get(":path"):match("^/?([^?]*)%??(.*)$")
  local host, port = headers:get(":authority"):match("^(.-):(%d+)$")
  local values = {
    protocol = "http", host = host or headers:get(":authority"), port = port or settings:get("port"), path = path, query = query,
  }
  local location = settings:get("location"):gsub("#{(%w+)}", values)
  local query_string = settings:get("query"):gsub("#{(%w+)}", values)
  if query_string ~= "" then location = location .. "?" .. query_string end
  answer(handle, settings:get("status"), location)
end

function envoy_on_request(handle)
  local settings = handle:metadata()
  local port = settings:get("port")
  if not port then return end
  local headers = handle:headers()
  local refused = check_fields(headers, settings:get("drop_invalid"))
  if refused then return answer(handle, refused) end
  trace(headers)
  if not forwarded_for(handle, headers, settings:get("xff"), settings:get("xff_port")) then return answer(handle, "463") end
  if settings:get("location") then return redirect(handle, headers, settings) end
  if settings:get("choice") then choose(handle, headers, settings:get("choice")) end
  if not settings:get("preserve_host") then
    local host = headers:get(":authority")
    local target_host = host_for_target(host, port)
    if target_host ~= host then headers:replace(":authority", target_host) end
  end
end
