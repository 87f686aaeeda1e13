-- What an ALB does to a request before it is forwarded (ALB-30, ALB-31, ALB-32) and its redirects (ALB-25). The listener's ways are in the
-- metadata of the route (routes.py); a request that met no route has none and passes.

math.randomseed(os.time() + (tonumber(tostring({}):match("0x(%x+)"), 16) or 0) % 1000000007)

local PAGE = "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n</body>\r\n</html>\r\n"
local TITLES = { ["301"] = "301 Moved Permanently", ["302"] = "302 Found", ["463"] = "463" }
local MOST_ADDRESSES = 30

local function answer(handle, status, location)
  local headers = { [":status"] = status, ["server"] = "awselb/2.0", ["content-type"] = "text/html", ["location"] = location }
  handle:respond(headers, PAGE:format(TITLES[status], TITLES[status]))
end

local function new_id()
  return string.format("1-%08x-%06x%06x%06x%06x", os.time(), math.random(0, 0xffffff), math.random(0, 0xffffff),
    math.random(0, 0xffffff), math.random(0, 0xffffff))
end

-- ALB-31: a Root when there is none; with a Root of the client's, our id is the Self in front of it.
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

-- ALB-30. Returns false when there are more addresses than an ALB takes.
local function forwarded_for(handle, headers, mode)
  local given = headers:get("x-forwarded-for")
  if given then
    local _, commas = given:gsub(",", "")
    if commas + 1 > MOST_ADDRESSES then return false end
  end
  if mode == "remove" then
    headers:remove("x-forwarded-for")
  elseif mode == "append" then
    local peer = handle:streamInfo():downstreamDirectRemoteAddress():gsub(":%d+$", ""):gsub("[%[%]]", "")
    if given then headers:replace("x-forwarded-for", given .. ", " .. peer) else headers:add("X-Forwarded-For", peer) end
  end
  return true
end

-- ALB-32: lower case; on the default port no port is told, on another one it is.
local function host_for_target(host, port)
  local name, own = host:lower():match("^(.-):(%d+)$")
  name = name or host:lower()
  if port == "80" then return name end
  return name .. ":" .. (own or port)
end

-- ALB-25. `#{port}` is the port that the client named, so that a redirect can be followed through a local port; on AWS it is the listener's.
local function redirect(handle, headers, told)
  local path, query = headers:get(":path"):match("^/?([^?]*)%??(.*)$")
  local host, port = headers:get(":authority"):match("^(.-):(%d+)$")
  local values = {
    protocol = "http", host = host or headers:get(":authority"), port = port or told:get("port"), path = path, query = query,
  }
  local location = told:get("location"):gsub("#{(%w+)}", values)
  local asked = told:get("query"):gsub("#{(%w+)}", values)
  if asked ~= "" then location = location .. "?" .. asked end
  answer(handle, told:get("status"), location)
end

function envoy_on_request(handle)
  local told = handle:metadata()
  local port = told:get("port")
  if not port then return end
  local headers = handle:headers()
  trace(headers)
  if not forwarded_for(handle, headers, told:get("xff")) then return answer(handle, "463") end
  if told:get("location") then return redirect(handle, headers, told) end
  if not told:get("preserve_host") then
    local host = headers:get(":authority")
    local better = host_for_target(host, port)
    if better ~= host then headers:replace(":authority", better) end
  end
end
