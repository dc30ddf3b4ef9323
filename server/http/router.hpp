// HTTP requests in, answers out, without a socket.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/backend.hpp"
#include "server/login_limiter.hpp"
#include "server/options.hpp"
#include "server/session_registry.hpp"
#include "server/statement_timer.hpp"

namespace tailrace::server {

// Of a request's body.
inline constexpr std::size_t request_bytes_max = 5 << 20;

struct HttpRequest {
  std::string method;
  std::string target;  // path and query
  std::string host;
  std::string content_type;
  std::string authorization;
  std::string body;
  std::string client_address;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  bool asks_for_password = false;
};

struct HttpContext {
  Backend* database = nullptr;  // none: still being opened
  SessionRegistry& sessions;
  StatementTimer& timer;
  LoginLimiter& logins;
  bool is_loopback = true;  // the listener: no password is needed for roles without one
  bool allow_plaintext_remote = false;
  // Called with the session that runs the request, and with nothing once it is done.
  std::function<void(std::shared_ptr<StoppableSession>)> on_session;
};

// Blocks while SQL runs.
HttpAnswer answer_http(const HttpRequest& request, const HttpContext& context);

}  // namespace tailrace::server
