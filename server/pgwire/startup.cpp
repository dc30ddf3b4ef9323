// The start of a connection: encryption, authentication, the session's parameters.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "repr/scalar_text.hpp"
#include "server/log.hpp"
#include "server/pgwire/backend_message.hpp"
#include "server/pgwire/byte_reader.hpp"
#include "server/pgwire/connection_private.hpp"
#include "server/scram.hpp"

namespace tailrace::server {

namespace {

// Connections that have not come to a session yet, beyond the limit of sessions.
constexpr std::size_t starting_connections_max = 100;

FatalError too_many_connections() {
  return FatalError(sqlstate::too_many_connections, "sorry, too many clients already");
}

FatalError wrong_password(const std::string& user) {
  return FatalError(sqlstate::invalid_password,
                    fmt::format("password authentication failed for user \"{}\"", user));
}

}  // namespace

asio::awaitable<bool> Connection::start_up() {
  std::optional<StartupMessage> message = co_await read_startup_message();
  if (!message) co_return false;
  const Backend& database = services_.database();
  const std::size_t sessions_max = database.session_count_max();
  if (database.session_count() >= sessions_max ||
      services_.connection_count > sessions_max + starting_connections_max) {
    throw too_many_connections();
  }
  if (message->minor_version > 0 || !message->unknown_protocol_options.empty()) {
    append_negotiate_protocol_version(output_, message->unknown_protocol_options);
  }
  co_await authenticate(*message);
  co_await open_session(*message);
  co_return true;
}

// Nothing: the client wanted something else, or has gone.
asio::awaitable<std::optional<StartupMessage>> Connection::read_startup_message() {
  for (;;) {
    reject_other_protocols();
    const std::optional<Frame> frame = input_.next_startup();
    if (!frame) {
      const bool received = co_await read();
      if (!received) co_return std::nullopt;
      continue;
    }
    StartupPacket packet = decode_startup_packet(frame->payload);
    input_.consume(*frame);
    if (auto* message = std::get_if<StartupMessage>(&packet)) {
      if (services_.tls != nullptr && !transport_.is_encrypted() && kind_ == ListenerKind::client &&
          !services_.options.sql.is_loopback() && !services_.options.allow_plaintext_remote) {
        throw FatalError(sqlstate::invalid_authorization, "this server requires TLS")
            .hint("Connect with sslmode=require.");
      }
      co_return std::move(*message);
    }
    if (const auto* request = std::get_if<CancelRequest>(&packet)) {
      services_.sessions.cancel(
          {.connection_id = request->connection_id, .secret = request->secret_key});
      co_return std::nullopt;
    }
    const bool use_tls = std::holds_alternative<TlsRequest>(packet) && services_.tls != nullptr &&
                         !transport_.is_encrypted();
    // What follows in plain text could have been put there by somebody else.
    if (use_tls && !input_.bytes().empty()) {
      throw FatalError(sqlstate::protocol_violation,
                       "received unencrypted data after the request for TLS");
    }
    output_ += use_tls ? 'S' : 'N';
    const bool sent = co_await flush();
    if (!sent) co_return std::nullopt;
    if (use_tls) {
      const bool secured = co_await transport_.start_tls(services_.tls->current());
      if (!secured) co_return std::nullopt;
    }
  }
}

void Connection::reject_other_protocols() const {
  if (looks_like_http(input_.bytes())) {
    throw FatalError(sqlstate::protocol_violation,
                     "this port speaks PostgreSQL's protocol, not HTTP")
        .hint(fmt::format("HTTP is served on {}.", services_.options.http.text()));
  }
  if (looks_like_tls(input_.bytes())) {
    throw FatalError(sqlstate::protocol_violation, "TLS must be asked for before it is started")
        .hint("Connect with sslmode=require, without sslnegotiation=direct.");
  }
}

asio::awaitable<void> Connection::authenticate(const StartupMessage& message) {
  auto look_up = [this, &message] { return services_.database().password_verifier(message.user); };
  const std::string verifier = co_await on_worker(services_.workers, look_up);
  const bool needs_password = kind_ == ListenerKind::client &&
                              !services_.options.sql.is_loopback() &&
                              !services_.options.allow_plaintext_remote;
  if (!verifier.empty() || needs_password) {
    co_await wait_for_turn();
    try {
      co_await check_password(message.user, verifier);
    } catch (const SqlError& error) {
      if (error.state() == sqlstate::invalid_password)
        services_.logins.failed(transport_.peer_address(), Clock::now());
      throw;
    }
    services_.logins.succeeded(transport_.peer_address());
  }
  append_authentication_ok(output_);
}

asio::awaitable<void> Connection::wait_for_turn() {
  const Clock::time_point now = Clock::now();
  const auto turn = services_.logins.take_turn(transport_.peer_address(), now);
  if (!turn) {
    throw FatalError(sqlstate::too_many_connections,
                     "too many failed log-ins from this address, try again later");
  }
  if (*turn <= now) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_at(*turn);
  co_await timer.async_wait(no_throw);
}

asio::awaitable<void> Connection::check_password(const std::string& user,
                                                 const std::string& verifier) {
  // Who may not log in at all learns no more than who has the wrong password.
  std::optional<ScramVerifier> parsed =
      verifier.empty() ? mock_scram_verifier(user) : parse_scram_verifier(verifier);
  if (!parsed) {
    throw FatalError(sqlstate::internal_error,
                     fmt::format("the stored password of user \"{}\" is not readable", user));
  }
  const std::string end_point = transport_.end_point();
  ScramExchange exchange(std::move(*parsed), random_nonce(), end_point);
  std::vector<std::string_view> mechanisms;
  if (!end_point.empty()) mechanisms.push_back(scram_plus_mechanism);
  mechanisms.push_back(scram_mechanism);
  append_authentication_sasl(output_, mechanisms);

  const std::string first = co_await read_password_message();
  ByteReader reader(first);
  const std::string_view mechanism = reader.read_string();
  if (std::find(mechanisms.begin(), mechanisms.end(), mechanism) == mechanisms.end()) {
    throw FatalError(sqlstate::protocol_violation,
                     "client selected an invalid SASL authentication mechanism");
  }
  const std::int32_t size = reader.read_int32();
  if (size < 0) throw FatalError(sqlstate::protocol_violation, "the SASL message has no data");
  const std::string_view client_first = reader.read_bytes(static_cast<std::size_t>(size));
  append_authentication_sasl_continue(
      output_, exchange.first(client_first, mechanism == scram_plus_mechanism));

  const std::string second = co_await read_password_message();
  const std::optional<std::string> last = exchange.final(second);
  if (!last || verifier.empty()) throw wrong_password(user);
  append_authentication_sasl_final(output_, *last);
}

asio::awaitable<std::string> Connection::read_password_message() {
  const bool sent = co_await flush();
  for (bool there = sent; there;) {
    if (const std::optional<Frame> frame = input_.next_password()) {
      if (frame->kind != 'p') {
        throw FatalError(sqlstate::protocol_violation,
                         fmt::format("expected SASL response, got message type {}",
                                     static_cast<unsigned char>(frame->kind)));
      }
      input_.consume(*frame);
      co_return std::string(frame->payload);
    }
    there = co_await read();
  }
  throw FatalError(sqlstate::connection_failure, "the client has gone while logging in");
}

asio::awaitable<void> Connection::open_session(const StartupMessage& message) {
  key_ = services_.sessions.make_key();
  engine::SessionOptions options{.user = message.user,
                                 .database = message.database,
                                 .variables = message.settings,
                                 .client_address = transport_.peer_address(),
                                 .connection_id = key_.connection_id,
                                 .internal = kind_ == ListenerKind::internal};
  auto open = [this, &options] {
    return std::make_shared<StoppableSession>(services_.database().open_session(options));
  };
  session_ = co_await on_worker(services_.workers, open);
  services_.sessions.add(key_, session_);
  engine::Session& session = session_->get();
  protocol_ = std::make_unique<Protocol>(session, input_, output_);
  for (const auto& [name, value] : session.reported_parameters()) {
    append_parameter_status(output_, name, value);
  }
  append_backend_key(output_, key_.connection_id, key_.secret);
  protocol_->append_news();
  append_ready_for_query(output_, static_cast<char>(session.transaction_status()));
}

}  // namespace tailrace::server
