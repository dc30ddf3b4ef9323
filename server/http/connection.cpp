#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <mutex>

#include "server/http/router.hpp"
#include "server/log.hpp"
#include "server/serve_private.hpp"

namespace tailrace::server {

namespace {

namespace http = boost::beast::http;

constexpr std::chrono::seconds idle_time_max{60};
constexpr std::size_t header_bytes_max = 64 << 10;

class HttpConnection final : public WatchedConnection {
 public:
  HttpConnection(Services& services, IoLoop& loop, tcp::socket socket)
      : services_(services), loop_(loop), socket_(std::move(socket)), count_(services) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    const tcp::endpoint peer = socket_.remote_endpoint(ignored);
    if (!ignored) peer_address_ = peer.address().to_string();
    loop_.add(*this);
  }
  ~HttpConnection() override { loop_.remove(*this); }

  asio::awaitable<void> run() {
    if (services_.tls == nullptr) {
      co_await serve(socket_);
      co_return;
    }
    const std::shared_ptr<TlsIdentity> identity = services_.tls->current();
    asio::ssl::stream<tcp::socket&> stream(socket_, identity->context);
    deadline_ = Clock::now() + idle_time_max;
    const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, no_throw);
    if (!error) co_await serve(stream);
  }

  void watch(Clock::time_point now) override {
    if (is_running_ && peer_has_closed(socket_.native_handle())) {
      terminate(SqlError(sqlstate::connection_failure, "connection to client lost"));
    } else if (is_running_) {
      timer_.check(now);
    } else if (now > deadline_) {
      close();
    }
  }

  void stop(const SqlError& reason) override {
    is_stopping_ = true;
    if (is_running_) {
      terminate(reason);
    } else {
      close();
    }
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  template <class Stream>
  asio::awaitable<void> serve(Stream& stream) {
    boost::beast::flat_buffer buffer;
    for (bool keep_alive = true; keep_alive && !is_stopping_;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(request_bytes_max);
      parser.header_limit(header_bytes_max);
      deadline_ = Clock::now() + idle_time_max;
      const auto [error, size] = co_await http::async_read(stream, buffer, parser, no_throw);
      deadline_ = Clock::time_point::max();
      // What is not a matter of HTTP is a client that has gone.
      if (error && (error == http::error::end_of_stream || error.category() != http_category())) {
        co_return;
      }
      HttpAnswer answer;
      if (error) {
        answer =
            error == http::error::body_limit
                ? HttpAnswer{.status = 413, .body = "the body is larger than 5 MiB\n"}
                : HttpAnswer{.status = 400, .body = "malformed request: " + error.message() + "\n"};
        keep_alive = false;
      }
      if (!error) {
        keep_alive = parser.get().keep_alive();
        auto work = [&] { return answer_request(parser.get()); };
        is_running_ = true;
        answer = co_await on_worker(services_.workers, work);
        is_running_ = false;
      }
      const bool only_head = !error && parser.get().method() == http::verb::head;
      auto response = to_response(std::move(answer), parser.get().version(), keep_alive, only_head);
      http::response_serializer<http::string_body> serializer(response);
      if (only_head) {
        const auto [failed, sent] = co_await http::async_write_header(stream, serializer, no_throw);
        if (failed) co_return;
      } else {
        const auto [failed, sent] = co_await http::async_write(stream, serializer, no_throw);
        if (failed) co_return;
      }
    }
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  static const boost::system::error_category& http_category() {
    return http::make_error_code(http::error::end_of_stream).category();
  }

  // On a worker.
  HttpAnswer answer_request(const http::request<http::string_body>& request) {
    const auto text = [&](http::field field) { return std::string(request[field]); };
    const HttpContext context{
        .database = services_.backend.load(),
        .sessions = services_.sessions,
        .timer = timer_,
        .logins = services_.logins,
        .is_loopback = services_.options.http.is_loopback(),
        .allow_plaintext_remote = services_.options.allow_plaintext_remote,
        .on_session =
            [this](std::shared_ptr<StoppableSession> session) {
              const std::lock_guard lock(mutex_);
              session_ = std::move(session);
            },
    };
    try {
      return answer_http({.method = std::string(request.method_string()),
                          .target = std::string(request.target()),
                          .host = text(http::field::host),
                          .content_type = text(http::field::content_type),
                          .authorization = text(http::field::authorization),
                          .body = request.body(),
                          .client_address = peer_address_},
                         context);
    } catch (const std::exception& error) {
      log("error", std::string("HTTP request failed: ") + error.what());
      return {.status = 500, .body = std::string(error.what()) + "\n"};
    }
  }

  static http::response<http::string_body> to_response(HttpAnswer answer, unsigned version,
                                                       bool keep_alive, bool only_head) {
    http::response<http::string_body> response(static_cast<http::status>(answer.status),
                                               version == 0 ? 11 : version);
    response.set(http::field::server, "Tailrace");
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Content-Security-Policy",
                 "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'");
    if (answer.asks_for_password) {
      response.set(http::field::www_authenticate, "Basic realm=\"tailrace\"");
    }
    response.keep_alive(keep_alive);
    const std::size_t size = answer.body.size();
    if (!only_head) response.body() = std::move(answer.body);
    response.content_length(size);
    return response;
  }

  void terminate(const SqlError& reason) {
    const std::lock_guard lock(mutex_);
    if (session_) session_->get().terminate(reason);
  }

  Services& services_;
  IoLoop& loop_;
  tcp::socket socket_;
  const ConnectionCount count_;
  std::string peer_address_;
  bool is_running_ = false;
  bool is_stopping_ = false;
  Clock::time_point deadline_ = Clock::time_point::max();
  StatementTimer timer_;
  std::mutex mutex_;
  std::shared_ptr<StoppableSession> session_;  // that runs the request
};

}  // namespace

asio::awaitable<void> serve_http(Services& services, IoLoop& loop, tcp::socket socket) {
  HttpConnection connection(services, loop, std::move(socket));
  co_await connection.run();
}

}  // namespace tailrace::server
