// Sends one HTTP request and reads the reply: TLS checked, no redirects, bounded in time and size, cancellable.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "replication/aws/request.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication::aws {

struct Reply {
  int status = 0;
  std::string body;
};

struct HttpLimits {
  std::chrono::milliseconds connect{5000};
  std::chrono::milliseconds whole{20000};
  bool through_proxy = true;  // as HTTPS_PROXY and its companions say
  // A host with a private address is refused, and no proxy asked: it would do the dialling.
  bool external_only = false;
};

// Throws SqlError 08006 that names the host when there is no reply, 55000 when its address is private and may not be, or
// what `cancel` says. Neither the headers nor the query are part of the error.
Reply send_http(const Request& request, const HttpLimits& limits, CancelToken& cancel);

// For those who must be testable without a network.
using SendRequest =
    std::function<Reply(const Request& request, const HttpLimits& limits, CancelToken& cancel)>;

}  // namespace tailrace::replication::aws
