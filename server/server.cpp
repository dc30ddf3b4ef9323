#include "server/server.hpp"

#include <fmt/format.h>

#include <csignal>

#include "server/listener_private.hpp"
#include "server/log.hpp"
#include "server/serve_private.hpp"

namespace tailrace::server {

namespace {

constexpr std::size_t loop_count = 2;
// More blocking calls at a time wait for each other. Above the limit of sessions.
constexpr std::size_t workers_max = 6000;
// What an orderly stop gives statements and clients before they are cut off.
constexpr std::chrono::seconds stop_patience{5};

std::vector<std::unique_ptr<IoLoop>> make_loops() {
  std::vector<std::unique_ptr<IoLoop>> loops;
  for (std::size_t i = 0; i < loop_count; ++i) loops.push_back(std::make_unique<IoLoop>());
  return loops;
}

std::unique_ptr<TlsFiles> load_tls(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return nullptr;
  return std::make_unique<TlsFiles>(options.tls_certificate, options.tls_key);
}

}  // namespace

class Server::State {
 public:
  explicit State(ServerOptions options)
      : options_(std::move(options)),
        tls_(load_tls(options_)),
        services_{.options = options_,
                  .workers = workers_,
                  .sessions = sessions_,
                  .logins = logins_,
                  .tls = tls_.get()},
        loops_(make_loops()),
        sql_(loops_, options_.sql),
        http_(loops_, options_.http) {
    options_.sql.port = sql_.address().port;
    options_.http.port = http_.address().port;
    if (options_.internal_sql) internal_sql_.emplace(loops_, *options_.internal_sql);
    for (const auto& loop : loops_) loop->start();
    http_.start([this](IoLoop& loop, tcp::socket socket) {
      asio::co_spawn(loop.context(), serve_http(services_, loop, std::move(socket)),
                     asio::detached);
    });
  }

  ~State() {
    for (const auto& loop : loops_) loop->end();
  }

  void serve(Backend& backend) {
    services_.backend = &backend;
    sql_.start(accept_sql(ListenerKind::client));
    if (internal_sql_) internal_sql_->start(accept_sql(ListenerKind::internal));
  }

  bool reload_tls() {
    if (!tls_) return false;
    tls_->reload();
    return true;
  }

  bool stop() {
    asio::post(loops_.front()->context(), [this] {
      sql_.close();
      http_.close();
      if (internal_sql_) internal_sql_->close();
    });
    const SqlError reason(sqlstate::admin_shutdown,
                          "terminating connection due to administrator command");
    for (const auto& loop : loops_) loop->stop_connections(reason);
    if (!wait_for_connections()) {
      log("warn", "some clients did not take their last messages: cutting them off");
      for (const auto& loop : loops_) loop->close_connections();
      if (!wait_for_connections()) return false;
    }
    for (const auto& loop : loops_) loop->end();
    return workers_.drain(stop_patience);
  }

  ListenAddress sql_address() const { return sql_.address(); }
  ListenAddress http_address() const { return http_.address(); }

 private:
  Listener::Accept accept_sql(ListenerKind kind) {
    return [this, kind](IoLoop& loop, tcp::socket socket) {
      asio::co_spawn(loop.context(), serve_pgwire(services_, loop, std::move(socket), kind),
                     asio::detached);
    };
  }

  bool wait_for_connections() const {
    const Clock::time_point end = Clock::now() + stop_patience;
    while (services_.connection_count > 0) {
      if (Clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  ServerOptions options_;
  std::unique_ptr<TlsFiles> tls_;
  LoginLimiter logins_;
  WorkerPool workers_{workers_max};
  SessionRegistry sessions_;
  Services services_;
  std::vector<std::unique_ptr<IoLoop>> loops_;
  Listener sql_;
  Listener http_;
  std::optional<Listener> internal_sql_;
};

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Server::~Server() = default;

void Server::serve(Backend& backend) {
  state_->serve(backend);
}

ListenAddress Server::sql_address() const {
  return state_->sql_address();
}

ListenAddress Server::http_address() const {
  return state_->http_address();
}

bool Server::reload_tls() {
  return state_->reload_tls();
}

bool Server::stop() {
  return state_->stop();
}

}  // namespace tailrace::server
