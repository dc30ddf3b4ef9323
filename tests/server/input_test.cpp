#include "server/pgwire/input.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "server/fatal_error.hpp"
#include "tests/server/message_list.hpp"

namespace tailrace::server {

namespace {

void feed(Input& input, std::string_view bytes) {
  std::memcpy(input.prepare(bytes.size()).data(), bytes.data(), bytes.size());
  input.commit(bytes.size());
}

std::string header(char kind, std::uint32_t length) {
  length = __builtin_bswap32(length);
  return kind + std::string(reinterpret_cast<const char*>(&length), 4);
}

}  // namespace

TEST_CASE("messages are cut however they arrive") {
  const std::string bytes = test::client_message('Q', test::with_zero("SELECT 1")) +
                            test::client_message('S', "") +
                            test::client_message('d', std::string(100'000, 'x'));
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    Input input;
    std::string kinds;
    std::size_t size = 0;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      feed(input, std::string_view(bytes).substr(at, step));
      while (const auto frame = input.next()) {
        kinds += frame->kind;
        size += frame->payload.size();
        input.consume(*frame);
      }
    }
    CHECK(kinds == "QSd");
    CHECK(size == 9 + 0 + 100'000);
    CHECK(input.bytes().empty());
  }
}

TEST_CASE("impossible lengths end the connection before anything is stored") {
  for (const std::string& bytes :
       {header('Q', 3), header('Q', 0), header('Q', 0xffffffff), header('S', 10'001),
        header('d', static_cast<std::uint32_t>(message_bytes_max) + 1), header('!', 1 << 20)}) {
    Input input;
    feed(input, bytes);
    CHECK_THROWS_AS(input.next(), FatalError);
  }
  Input startup;
  feed(startup, "GET / HTTP/1.1\r\n");
  CHECK_THROWS_AS(startup.next_startup(), FatalError);
}

}  // namespace tailrace::server
