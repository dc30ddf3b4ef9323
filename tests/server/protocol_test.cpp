#include "server/pgwire/protocol.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "server/pgwire/backend_message.hpp"
#include "tests/server/fake_backend.hpp"
#include "tests/server/message_list.hpp"

namespace tailrace::server {

namespace {

using test::client_message;
using test::kinds_of;
using test::payload_of;
using test::with_zero;

std::string query(const std::string& sql) {
  return client_message('Q', with_zero(sql));
}

std::string parse(const std::string& sql, const std::string& name = "") {
  return client_message('P', with_zero(name) + with_zero(sql) + std::string(2, '\0'));
}

std::string bind_to(const std::string& name = "", std::optional<std::string> value = {}) {
  std::string payload = with_zero("") + with_zero(name) + std::string(2, '\0');
  append_uint16(payload, value ? 1 : 0);
  if (value) {
    append_uint32(payload, static_cast<std::uint32_t>(value->size()));
    payload += *value;
  }
  return client_message('B', payload + std::string(2, '\0'));
}

std::string execute(std::uint32_t rows_max = 0) {
  std::string payload = with_zero("");
  append_uint32(payload, rows_max);
  return client_message('E', payload);
}

std::string describe(char kind) {
  return client_message('D', kind + with_zero(""));
}

const std::string sync = client_message('S', "");

// A conversation in which whatever may block does.
struct Conversation {
  test::FakeBackend backend;
  std::unique_ptr<engine::Session> session = backend.open_session({});
  Input input;
  std::string output;
  Protocol protocol{*session, input, output};
  Pace pace = Pace::read;
  int flushes = 0;

  // All that is answered to these bytes.
  std::string say(const std::string& bytes) {
    std::memcpy(input.prepare(bytes.size()).data(), bytes.data(), bytes.size());
    input.commit(bytes.size());
    std::string answer;
    do {
      pace = protocol.proceed(false);
      if (pace == Pace::needs_worker) pace = protocol.proceed(true);
      flushes += pace == Pace::flush ? 1 : 0;
      answer += std::exchange(output, {});
    } while (pace == Pace::flush);
    return answer;
  }
};

std::string error_code_of(const std::string& answer) {
  const std::string fields = payload_of(answer, 'E');
  const std::size_t at = fields.find(std::string("\0C", 2));
  return at == fields.npos ? "" : fields.substr(at + 2, 5);
}

}  // namespace

TEST_CASE("simple query: rows, commands, notices, settings") {
  Conversation client;
  CHECK(kinds_of(client.say(query("SELECT 3"))) == "TDDDCZ");
  CHECK(payload_of(client.say(query("SELECT 3")), 'C') == with_zero("SELECT 3"));
  CHECK(kinds_of(client.say(query("DROP TABLE t"))) == "NCZ");
  CHECK(kinds_of(client.say(query("SET application_name TO x"))) == "SCZ");
  CHECK(kinds_of(client.say(query(""))) == "IZ");
  CHECK(kinds_of(client.say(query(" ;; -- nothing\n"))) == "IZ");
  CHECK(payload_of(client.say(query("BEGIN")), 'Z') == "T");
}

TEST_CASE("simple query: several statements stop at the first error") {
  Conversation client;
  CHECK(kinds_of(client.say(query("SELECT 1; SELECT 2;"))) == "TDCTDDCZ");
  const std::string answer = client.say(query("SELECT 1; SELECT 'fail'; SELECT 1"));
  CHECK(kinds_of(answer) == "TDCTDEZ");
  CHECK(error_code_of(answer) == "22012");
  CHECK(error_code_of(client.say(query("SELEC 1"))) == "42601");
  CHECK(error_code_of(client.say(query("SELECT $1"))) == "42P02");
}

TEST_CASE("simple query: what commit says comes instead of success") {
  Conversation client;
  client.backend.commit_error = "conflict";
  const std::string answer = client.say(query("SET application_name TO x"));
  CHECK(error_code_of(answer) == "40001");
  CHECK(payload_of(answer, 'C').empty());
  CHECK(payload_of(answer, 'Z') == "I");
}

TEST_CASE("extended query: describe, bind, execute") {
  Conversation client;
  CHECK(kinds_of(client.say(parse("SELECT $1") + describe('S') + bind_to("", "41") + describe('P') +
                            execute() + sync)) == "1tT2TDCZ");
  CHECK(kinds_of(client.say(parse("") + bind_to() + execute() + sync)) == "12IZ");
  CHECK(kinds_of(client.say(parse("COMMIT") + describe('S') + bind_to() + execute() + sync)) ==
        "1tn2CZ");
}

TEST_CASE("extended query: a portal is suspended and goes on") {
  Conversation client;
  const std::string answer = client.say(parse("SELECT 5") + bind_to() + execute(2) + execute(3) +
                                        execute(3) + execute() + sync);
  CHECK(kinds_of(answer) == "12DDsDDDsCCZ");
  CHECK(payload_of(answer, 'C') == with_zero("SELECT 0"));
}

TEST_CASE("extended query: an error skips to Sync") {
  Conversation client;
  const std::string answer =
      client.say(parse("SELECT 'fail'") + bind_to() + execute() + parse("SELECT 1") + bind_to() +
                 execute() + query("SELECT 1") + sync + parse("SELECT 1") + sync);
  CHECK(kinds_of(answer) == "12DEZ1Z");
}

TEST_CASE("extended query: wrong use is refused") {
  Conversation client;
  CHECK(error_code_of(client.say(parse("SELECT 1; SELECT 2") + sync)) == "42601");
  CHECK(error_code_of(client.say(parse("SELECT $1") + bind_to() + sync)) == "08P01");
  CHECK(error_code_of(client.say(parse("SELECT $1") + bind_to("", "x") + sync)) == "22023");
  CHECK(error_code_of(client.say(parse("SELECT $1") + bind_to("", std::string("1\0", 2)) + sync)) ==
        "22021");
  CHECK(error_code_of(client.say(bind_to("absent") + sync)) == "26000");
  CHECK(error_code_of(client.say(parse("DROP TABLE t") + bind_to() + execute() + execute() +
                                 sync)) == "55000");
  CHECK(error_code_of(client.say(client_message('F', "x"))) == "0A000");
  CHECK(kinds_of(client.say(client_message('C', std::string("Sabsent\0", 8)) + sync)) == "3Z");
}

TEST_CASE("only what starts at once runs where others wait") {
  Conversation client;
  client.say(parse("SELECT $1", "look") + parse("SELECT 1", "scan") + sync);
  const auto paces = [&](const std::string& bytes) {
    std::memcpy(client.input.prepare(bytes.size()).data(), bytes.data(), bytes.size());
    client.input.commit(bytes.size());
    const Pace pace = client.protocol.proceed(false);
    client.protocol.proceed(true);
    return pace;
  };
  CHECK(paces(bind_to("look", "1") + execute() + sync) == Pace::read);
  CHECK(paces(bind_to("scan") + execute() + sync) == Pace::needs_worker);
}

TEST_CASE("large results leave in pieces, streams at every row") {
  Conversation client;
  const std::string answer = client.say(query("SELECT 50000"));
  CHECK(test::split_messages(answer).size() == 50'003);
  CHECK(client.flushes > 5);

  Conversation subscriber;
  const std::string sql = query("SUBSCRIBE t");
  std::memcpy(subscriber.input.prepare(sql.size()).data(), sql.data(), sql.size());
  subscriber.input.commit(sql.size());
  CHECK(subscriber.protocol.proceed(true) == Pace::flush);
  CHECK(kinds_of(subscriber.output) == "TD");
}

TEST_CASE("COPY out") {
  Conversation client;
  CHECK(kinds_of(client.say(query("COPY (SELECT 2) TO STDOUT"))) == "HddcCZ");
  CHECK(payload_of(client.say(query("COPY (SELECT 2) TO STDOUT")), 'C') == with_zero("COPY 2"));
  CHECK(kinds_of(client.say(parse("COPY (SELECT 2) TO STDOUT") + describe('S') + bind_to() +
                            execute() + sync)) == "1tn2HddcCZ");
  CHECK(kinds_of(client.say(query("COPY (SELECT 1) TO STDOUT WITH (FORMAT binary)"))) == "HddcCZ");
}

TEST_CASE("COPY in: data, failure, and what follows it") {
  Conversation client;
  CHECK(kinds_of(client.say(query("COPY t FROM STDIN"))) == "G");
  CHECK(client
            .say(client_message('d', "1\ta\n2") + client_message('H', "") +
                 client_message('d', "\tb\n"))
            .empty());
  CHECK(payload_of(client.say(client_message('c', "")), 'C') == with_zero("COPY 2"));
  CHECK(client.backend.copied == "1\ta\n2\tb\n");

  client.say(query("COPY t FROM STDIN"));
  CHECK(error_code_of(client.say(client_message('f', with_zero("enough")))) == "57014");

  client.say(query("COPY t FROM STDIN"));
  const std::string answer = client.say(client_message('d', "bad") + client_message('d', "more") +
                                        client_message('c', ""));
  CHECK(kinds_of(answer) == "EZ");
  CHECK(kinds_of(client.say(query("SELECT 1"))) == "TDCZ");

  client.say(query("COPY t FROM STDIN"));
  CHECK(error_code_of(client.say(query("SELECT 1"))) == "08P01");
  CHECK(client.pace == Pace::close);
}

TEST_CASE("the end of the conversation") {
  Conversation client;
  CHECK(client.say(client_message('X', "")).empty());
  CHECK(client.pace == Pace::close);
  Conversation broken;
  CHECK(error_code_of(broken.say(client_message('!', ""))) == "08P01");
  CHECK(broken.pace == Pace::close);
}

TEST_CASE("random conversations end or go on, and never take us with them") {
  std::mt19937 random(9);
  const std::string messages[] = {query("SELECT 2"),
                                  query("COPY t FROM STDIN"),
                                  query("BEGIN"),
                                  parse("SELECT $1"),
                                  bind_to("", "5"),
                                  bind_to(),
                                  execute(),
                                  execute(1),
                                  describe('S'),
                                  describe('P'),
                                  sync,
                                  client_message('d', "1\t2\n"),
                                  client_message('c', ""),
                                  query("COPY (SELECT 'texts') TO STDOUT")};
  for (int i = 0; i < 500; ++i) {
    Conversation client;
    for (int step = 0; step < 30 && client.pace != Pace::close; ++step) {
      std::string message = messages[random() % std::size(messages)];
      if (random() % 8 == 0) message[random() % message.size()] = static_cast<char>(random());
      client.say(message);
    }
  }
}

}  // namespace tailrace::server
