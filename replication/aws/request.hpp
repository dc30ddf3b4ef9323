// One HTTP request to AWS: built in parts, because a signature is made over the parts.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tailrace::replication::aws {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string scheme = "https";
  std::string authority;   // host, and the port if it is not the scheme's own
  std::string path = "/";  // path and query are kept as meant, and encoded where they are used
  Pairs query;
  Pairs headers;  // without `host`
  std::string body;

  std::string url() const;
};

// Everything but letters, digits and -._~ as %XX, as RFC 3986 and AWS want it.
std::string percent_encoded(std::string_view text, bool keep_slashes = false);
// name=value&..., each encoded, in the order given.
std::string form_encoded(const Pairs& pairs);

// Scheme and authority of "https://host:port"; a path other than / is refused. Throws SqlError 22023.
std::pair<std::string, std::string> split_endpoint(const std::string& url);

// Whether it is made of what names of regions are made of: it becomes part of the name of the host that gets our
// requests, which anything else could turn into another host.
bool is_region(std::string_view text);

}  // namespace tailrace::replication::aws
