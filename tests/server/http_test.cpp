#include <doctest/doctest.h>

#include "repr/nested.hpp"
#include "repr/text_format.hpp"
#include "server/base64.hpp"
#include "server/http/json_text.hpp"
#include "server/http/router.hpp"
#include "server/http/sql_request.hpp"
#include "server/http/url.hpp"
#include "tests/server/fake_backend.hpp"

namespace tailrace::server {

namespace {

struct Web {
  test::FakeBackend backend;
  SessionRegistry sessions;
  StatementTimer timer;
  LoginLimiter logins;
  HttpContext context{.database = &backend,
                      .sessions = sessions,
                      .timer = timer,
                      .logins = logins,
                      .on_session = [](auto) {}};

  HttpAnswer post(const std::string& body, const std::string& authorization = "") {
    return answer_http({.method = "POST",
                        .target = "/api/sql",
                        .host = "localhost:6876",
                        .content_type = "application/json",
                        .authorization = authorization,
                        .body = body},
                       context);
  }
  HttpAnswer get(const std::string& target) {
    return answer_http({.method = "GET", .target = target, .host = "localhost"}, context);
  }
};

std::string json_of(const Type& type, std::string_view text) {
  std::string out;
  append_json_value(out, type, from_text(type, text));
  return out;
}

}  // namespace

TEST_CASE("values as JSON") {
  CHECK(json_of(TypeId::int4, "-5") == "\"-5\"");
  CHECK(json_of(TypeId::float8, "NaN") == "\"NaN\"");
  CHECK(json_of(TypeId::boolean, "t") == "true");
  CHECK(json_of(TypeId::text, "say \"hi\"\n\x01") == "\"say \\\"hi\\\"\\n\\u0001\"");
  CHECK(json_of(TypeId::jsonb, R"({"a": [1, -2.5, "3\"4"], "b": null})") ==
        R"({"a":["1","-2.5","3\"4"],"b":null})");
  CHECK(json_of(Type::array_of(TypeId::int4), "{{1,2},{3,NULL}}") == R"([["1","2"],["3",null]])");
  CHECK(json_of(Type::array_of(TypeId::int4), "{}") == "[]");
}

TEST_CASE("POST /api/sql runs statements until one fails") {
  Web web;
  const HttpAnswer answer =
      web.post(R"({"query": "SELECT 2; DROP TABLE t; SELECT 'fail'; SELECT 1"})");
  CHECK(answer.status == 200);
  CHECK(
      answer.body ==
      R"({"results":[{"tag":"SELECT 2","rows":[["1"],["2"]],"desc":{"columns":[{"name":"i",)"
      R"("type_oid":23,"type_len":4,"type_mod":-1}]},"notices":[]},{"ok":"DROP TABLE","notices":)"
      R"([{"message":"TABLE \"t\" does not exist, skipping","code":"42704","severity":"notice"}]},)"
      R"({"error":{"message":"division by zero","code":"22012"},"notices":[]}]})");
  CHECK(web.backend.open_sessions == 0);
}

TEST_CASE("POST /api/sql takes parameters as text") {
  Web web;
  const HttpAnswer answer =
      web.post(R"({"queries": [{"query": "SELECT $1", "params": ["7"]}, {"query": "SELECT 1"}]})");
  CHECK(answer.body.find(R"("rows":[["7"]])") != std::string::npos);
  CHECK(answer.body.find(R"("rows":[["1"]])") != std::string::npos);
  CHECK(web.post(R"({"queries": [{"query": "SELECT $1", "params": [7]}]})").status == 400);
}

TEST_CASE("POST /api/sql refuses what it cannot do") {
  Web web;
  for (const char* body : {"", "x", "[]", "{}", R"({"query": 1})", R"({"other": ""})",
                           R"({"query": "", "queries": []})", R"({"queries": [{}]})"}) {
    CHECK(web.post(body).status == 400);
  }
  CHECK(web.post(R"({"query": "SUBSCRIBE t"})").body.find("0A000") != std::string::npos);
  CHECK(web.post(R"({"query": "COPY t FROM STDIN"})").body.find("0A000") != std::string::npos);
  CHECK(web.post(R"({"query": "SELEC"})").body.find("42601") != std::string::npos);
  CHECK(answer_http({.method = "POST", .target = "/api/sql", .content_type = "text/plain"},
                    web.context)
            .status == 415);
  CHECK(answer_http({.method = "POST",
                     .target = "/api/sql",
                     .host = "evil.example:6876",
                     .content_type = "application/json"},
                    web.context)
            .status == 403);
}

TEST_CASE("HTTP asks for the password of a role that has one") {
  Web web;
  web.backend.verifiers["materialize"] = test::pencil_verifier;
  const std::string body = R"({"query": "SELECT 1"})";
  CHECK(web.post(body).status == 401);
  CHECK(web.post(body, "Basic " + encode_base64("materialize:wrong")).status == 401);
  CHECK(web.post(body, "Bearer x").status == 401);
  CHECK(web.post(body, "Basic " + encode_base64("nobody:x")).status == 401);
  CHECK(web.post(body, "Basic " + encode_base64("materialize:pencil")).status == 200);
}

TEST_CASE("health, figures, the console, and what is not there") {
  Web web;
  CHECK(web.get("/api/livez").status == 200);
  CHECK(web.get("/api/readyz").status == 200);
  CHECK(web.get("/").body.find("<title>") != std::string::npos);
  CHECK(web.get("/api/experimental/sql").status == 404);
  CHECK(web.get("/api/sql").status == 405);
  CHECK(web.get("/metrics").body ==
        "# HELP bytes Bytes.\n# TYPE bytes counter\nbytes{source=\"u1\"} 7\n"
        "# HELP sessions Open\\nsessions.\n# TYPE sessions gauge\nsessions 2.5\n");
  web.context.database = nullptr;
  CHECK(web.get("/api/livez").status == 200);
  CHECK(web.get("/api/readyz").status == 503);
  CHECK(web.post("{}").status == 503);
}

TEST_CASE("settings come by the target's query") {
  CHECK(query_parameter("/api/sql?a=1&options=%7B%22cluster%22%3A+%22c%22%7D", "options") ==
        R"({"cluster": "c"})");
  CHECK(!query_parameter("/api/sql", "options"));
  CHECK(parse_settings(R"({"cluster": "c"})") ==
        std::vector<std::pair<std::string, std::string>>{{"cluster", "c"}});
  CHECK_THROWS_AS(parse_settings("[]"), SqlError);
  CHECK_THROWS_AS(parse_settings(R"({"a": 1})"), SqlError);
}

}  // namespace tailrace::server
