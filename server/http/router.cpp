#include "server/http/router.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "server/http/basic_authorization.hpp"
#include "server/http/console_page.hpp"
#include "server/http/json_text.hpp"
#include "server/http/metrics_text.hpp"
#include "server/http/sql_request.hpp"
#include "server/http/sql_runner.hpp"
#include "server/http/url.hpp"
#include "server/scram.hpp"

namespace tailrace::server {

namespace {

constexpr const char* default_user = "materialize";

HttpAnswer text_answer(unsigned status, std::string text) {
  return {.status = status, .body = std::move(text) + "\n"};
}

HttpAnswer error_answer(unsigned status, const SqlError& error) {
  std::string body = "{\"error\":{\"message\":";
  append_json_string(body, error.message());
  body += fmt::format(",\"code\":\"{}\"}}}}\n", error.state().view());
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

HttpAnswer ask_for_password() {
  HttpAnswer answer = text_answer(401, "unauthorized");
  answer.asks_for_password = true;
  return answer;
}

// A page elsewhere could point its own name at the loopback address and so reach us through the
// user's browser: there we answer only to names that cannot be anybody else's.
bool is_own_name(std::string_view host) {
  std::string_view name = host.substr(0, host.rfind(':'));
  if (host.starts_with('[')) name = host.substr(0, host.find(']') + 1);
  return name.empty() || name == "localhost" || name.starts_with('[') ||
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

// The user who may run SQL, or nothing if the request does not prove who it comes from.
std::optional<std::string> authenticate(const HttpRequest& request, const HttpContext& context) {
  const std::optional<Credentials> credentials = parse_basic_authorization(request.authorization);
  if (!request.authorization.empty() && !credentials) return std::nullopt;
  std::string user = credentials ? credentials->user : default_user;
  const std::string verifier = context.database->password_verifier(user);
  if (verifier.empty() && (context.is_loopback || context.allow_plaintext_remote)) return user;
  // A request without a password is a browser's way to ask whether one is wanted, not a guess.
  if (!credentials) return std::nullopt;
  const auto now = LoginLimiter::Clock::now();
  const auto turn = context.logins.take_turn(request.client_address, now);
  if (!turn || *turn > now) {
    throw SqlError(sqlstate::too_many_connections,
                   "too many failed log-ins from this address, try again later");
  }
  const std::optional<ScramVerifier> parsed = parse_scram_verifier(verifier);
  if (!parsed || !scram_password_matches(*parsed, credentials->password)) {
    context.logins.failed(request.client_address, now);
    return std::nullopt;
  }
  context.logins.succeeded(request.client_address);
  return user;
}

class RunningSession {
 public:
  RunningSession(const HttpContext& context, engine::SessionOptions options) : context_(context) {
    if (context.database->session_count() >= context.database->session_count_max()) {
      throw SqlError(sqlstate::too_many_connections, "sorry, too many clients already");
    }
    key_ = context.sessions.make_key();
    options.connection_id = key_.connection_id;
    session_ = std::make_shared<StoppableSession>(context.database->open_session(options));
    context.sessions.add(key_, session_);
    session_->set_running(true);
    context.on_session(session_);
  }
  ~RunningSession() {
    context_.on_session(nullptr);
    context_.sessions.remove(key_);
  }
  RunningSession(const RunningSession&) = delete;
  RunningSession& operator=(const RunningSession&) = delete;

  engine::Session& get() { return session_->get(); }

 private:
  const HttpContext& context_;
  SessionRegistry::Key key_;
  std::shared_ptr<StoppableSession> session_;
};

HttpAnswer answer_sql(const HttpRequest& request, const HttpContext& context) {
  if (context.is_loopback && !is_own_name(request.host)) {
    return text_answer(403, "this server answers to localhost only, not to " + request.host);
  }
  if (!request.content_type.starts_with("application/json")) {
    return text_answer(415, "the content type must be application/json");
  }
  SqlRequest sql;
  engine::SessionOptions options{.client_address = request.client_address};
  try {
    sql = parse_sql_request(request.body);
    if (const auto settings = query_parameter(request.target, "options")) {
      options.variables = parse_settings(*settings);
    }
  } catch (const SqlError& error) {
    return text_answer(400, error.message());
  }
  try {
    const std::optional<std::string> user = authenticate(request, context);
    if (!user) return ask_for_password();
    options.user = *user;
    RunningSession session(context, std::move(options));
    return {.content_type = "application/json",
            .body = run_sql_request(session.get(), sql, context.timer)};
  } catch (const SqlError& error) {
    if (error.state() == sqlstate::invalid_authorization ||
        error.state() == sqlstate::invalid_password) {
      return ask_for_password();
    }
    return error_answer(error.state() == sqlstate::too_many_connections ? 503 : 500, error);
  }
}

}  // namespace

HttpAnswer answer_http(const HttpRequest& request, const HttpContext& context) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == "/api/livez" && reads) return text_answer(200, "alive");
  if (path == "/api/readyz" && reads) {
    return context.database != nullptr ? text_answer(200, "ready") : text_answer(503, "starting");
  }
  if (path == "/" && reads) {
    return {.content_type = "text/html; charset=utf-8", .body = std::string(console_page)};
  }
  if (path == "/api/sql" || path == "/metrics") {
    if (context.database == nullptr) return text_answer(503, "starting");
    if (path == "/metrics" && reads) {
      return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
              .body = metrics_text(context.database->metrics())};
    }
    if (path == "/api/sql" && request.method == "POST") return answer_sql(request, context);
    return text_answer(405, fmt::format("{} does not take {}", path, request.method));
  }
  return error_answer(404, SqlError(sqlstate::undefined_object, "there is no " + path));
}

}  // namespace tailrace::server
