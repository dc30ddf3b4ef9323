// The server over real sockets: what the protocol alone cannot show.
#include "server/server.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "server/pgwire/backend_message.hpp"
#include "tests/server/fake_backend.hpp"
#include "tests/server/message_list.hpp"

namespace tailrace::server {

namespace {

using test::client_message;
using test::with_zero;

class Socket {
 public:
  explicit Socket(std::uint16_t port) : handle_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(connect(handle_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~Socket() { close(handle_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void send(std::string_view bytes) {
    CHECK(::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
  }
  char receive_byte() {
    char byte = 0;
    CHECK(recv(handle_, &byte, 1, 0) == 1);
    return byte;
  }
  // All up to a message of this kind, or up to the end.
  std::string receive_until(char kind) {
    std::string bytes;
    for (;;) {
      const auto messages = test::split_messages(bytes);
      if (!messages.empty() && messages.back().kind == kind) return bytes;
      char buffer[65536];
      const ssize_t size = recv(handle_, buffer, sizeof buffer, 0);
      if (size <= 0) return bytes;
      bytes.append(buffer, static_cast<std::size_t>(size));
    }
  }
  std::string receive_all() { return receive_until('\0'); }

 private:
  int handle_;
};

std::string packet(std::uint32_t code, std::string_view rest) {
  std::string bytes;
  append_uint32(bytes, static_cast<std::uint32_t>(rest.size() + 8));
  append_uint32(bytes, code);
  return bytes.append(rest);
}

std::string startup(const std::string& user = "materialize") {
  return packet(196608, with_zero("user") + with_zero(user) + '\0');
}

std::string query(const std::string& sql) {
  return client_message('Q', with_zero(sql));
}

struct Running {
  test::FakeBackend backend;
  Server server;

  explicit Running(std::chrono::seconds authentication_timeout = std::chrono::seconds(60))
      : server(options(authentication_timeout)) {
    server.serve(backend);
  }
  ~Running() { CHECK(server.stop()); }

  static ServerOptions options(std::chrono::seconds authentication_timeout) {
    ServerOptions options;
    options.sql.port = 0;
    options.http.port = 0;
    options.authentication_timeout = authentication_timeout;
    return options;
  }
  Socket connect() { return Socket(server.sql_address().port); }
};

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace

TEST_CASE("server: encryption is declined, a session opens, answers and closes") {
  Running running;
  Socket client = running.connect();
  client.send(packet(80877103, ""));
  CHECK(client.receive_byte() == 'N');
  client.send(packet(80877104, ""));
  CHECK(client.receive_byte() == 'N');
  client.send(startup());
  CHECK(test::kinds_of(client.receive_until('Z')) == "RSSKZ");
  client.send(query("SELECT 2"));
  CHECK(test::kinds_of(client.receive_until('Z')) == "TDDCZ");
  client.send(client_message('X', ""));
  CHECK(client.receive_all().empty());
  CHECK(eventually([&] { return running.backend.open_sessions == 0; }));
}

TEST_CASE("server: a cancel request needs the right key") {
  Running running;
  Socket client = running.connect();
  client.send(startup());
  const std::string key = test::payload_of(client.receive_until('Z'), 'K');
  client.send(query("SELECT 'forever'"));
  REQUIRE(eventually([&] { return running.backend.waiting > 0; }));
  std::string wrong = key;
  wrong[7] = static_cast<char>(wrong[7] ^ 1);
  {
    Socket other = running.connect();
    other.send(packet(80877102, wrong));
    CHECK(other.receive_all().empty());
    CHECK(running.backend.cancelled == 0);
  }
  {
    Socket other = running.connect();
    other.send(packet(80877102, key));
    CHECK(other.receive_all().empty());
  }
  CHECK(client.receive_until('Z').find("57014") != std::string::npos);
  client.send(query("SELECT 1"));
  CHECK(test::kinds_of(client.receive_until('Z')) == "TDCZ");
}

TEST_CASE("server: a client that goes away stops its statement") {
  Running running;
  {
    Socket client = running.connect();
    client.send(startup());
    client.receive_until('Z');
    client.send(query("DELETE FROM t"));
  }
  CHECK(eventually([&] { return running.backend.open_sessions == 0; }));
}

TEST_CASE("server: rows of a stream arrive while it waits for more") {
  Running running;
  Socket client = running.connect();
  client.send(startup());
  client.receive_until('Z');
  client.send(query("COPY (SUBSCRIBE t) TO STDOUT"));
  CHECK(test::kinds_of(client.receive_until('d')) == "Hd");
}

TEST_CASE("server: other protocols are told where they are") {
  Running running;
  Socket http = running.connect();
  http.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(http.receive_all().find("not HTTP") != std::string::npos);
  Socket noise = running.connect();
  noise.send(std::string(64, '\x7f'));
  CHECK(noise.receive_all().find("08P01") != std::string::npos);
}

TEST_CASE("server: time to log in is limited") {
  Running running(std::chrono::seconds(0));
  Socket silent = running.connect();
  CHECK(silent.receive_all().find("authentication timed out") != std::string::npos);
}

TEST_CASE("server: too many sessions, idle transactions and unknown roles end as FATAL") {
  Running running;
  running.backend.idle_timeout = std::chrono::milliseconds(50);
  Socket client = running.connect();
  client.send(startup() + query("BEGIN"));
  CHECK(client.receive_all().find("25P03") != std::string::npos);
  Socket unknown = running.connect();
  unknown.send(startup("nobody"));
  CHECK(unknown.receive_all().find("28000") != std::string::npos);
  running.backend.sessions_max = 0;
  Socket refused = running.connect();
  refused.send(startup());
  CHECK(refused.receive_all().find("53300") != std::string::npos);
}

TEST_CASE("server: statement_timeout stops a statement, and the session goes on") {
  Running running;
  running.backend.statement_timeout = std::chrono::milliseconds(50);
  Socket client = running.connect();
  client.send(startup());
  client.receive_until('Z');
  client.send(query("SELECT 'forever'"));
  CHECK(client.receive_until('Z').find("statement timeout") != std::string::npos);
  client.send(query("SELECT 1"));
  CHECK(test::kinds_of(client.receive_until('Z')) == "TDCZ");
}

TEST_CASE("server: a stop tells every client, busy or idle") {
  auto running = std::make_unique<Running>();
  Socket idle = running->connect();
  idle.send(startup());
  idle.receive_until('Z');
  Socket busy = running->connect();
  busy.send(startup());
  busy.receive_until('Z');
  busy.send(query("SELECT 'forever'"));
  running.reset();
  CHECK(idle.receive_all().find("57P01") != std::string::npos);
  CHECK(busy.receive_all().find("57P01") != std::string::npos);
}

TEST_CASE("server: HTTP") {
  Running running;
  Socket client(running.server.http_address().port);
  const std::string body = R"({"query": "SELECT 1"})";
  client.send(
      "POST /api/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Connection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string answer = client.receive_all();
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(answer.find(R"("rows":[["1"]])") != std::string::npos);
  Socket broken(running.server.http_address().port);
  broken.send("\x16\x03\x01 nonsense\r\n\r\n");
  CHECK(broken.receive_all().starts_with("HTTP/1.1 400"));
}

}  // namespace tailrace::server
