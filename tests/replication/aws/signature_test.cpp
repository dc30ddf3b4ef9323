// Against AWS's published Signature Version 4 test suite and the tokens that its own tools make.
#include "replication/aws/signature.hpp"

#include <doctest/doctest.h>

#include "replication/aws/database_token.hpp"

using namespace tailrace::replication::aws;

namespace {

std::chrono::system_clock::time_point at(std::int64_t seconds) {
  return std::chrono::system_clock::from_time_t(seconds);
}

Credentials keys(std::string id, std::string secret, std::string token = "") {
  Credentials credentials;
  credentials.access_key_id = std::move(id);
  credentials.secret_access_key = std::move(secret);
  credentials.session_token = std::move(token);
  return credentials;
}

// 2015-08-30T12:36:00Z
constexpr std::int64_t suite_time = 1440938160;
constexpr auto suite_token =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfI"
    "eoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0"
    "wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDry"
    "pNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

std::string authorization(Request request, const std::string& token = "") {
  request.authority = "example.amazonaws.com";
  sign(request, keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token),
       {.region = "us-east-1", .service = "service", .time = at(suite_time)});
  for (const auto& [name, value] : request.headers) {
    if (name == "authorization") return value;
  }
  return "";
}

std::string expected(const std::string& signed_headers, const std::string& signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
         "SignedHeaders=" +
         signed_headers + ", Signature=" + signature;
}

}  // namespace

TEST_CASE("aws: headers are signed as in the published test suite") {
  const std::string plain = "host;x-amz-date";
  CHECK(authorization({}) ==  // get-vanilla
        expected(plain, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
  CHECK(authorization({.method = "POST"}) ==  // post-vanilla
        expected(plain, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
  // get-vanilla-query-order-key-case
  CHECK(authorization({.query = {{"Param2", "value2"}, {"Param1", "value1"}}}) ==
        expected(plain, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
  // get-unreserved
  CHECK(authorization(
            {.path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}) ==
        expected(plain, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"));
  CHECK(authorization({.path = "/ሴ"}) ==  // get-utf8
        expected(plain, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"));
  // get-header-value-trim
  CHECK(authorization({.headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}}) ==
        expected("host;my-header1;my-header2;x-amz-date",
                 "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"));
  // get-header-key-duplicate
  CHECK(authorization({.headers = {{"My-Header1", "value2"},
                                   {"My-Header1", "value2"},
                                   {"My-Header1", "value1"}}}) ==
        expected("host;my-header1;x-amz-date",
                 "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"));
  // post-x-www-form-urlencoded
  CHECK(authorization({.method = "POST",
                       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                       .body = "Param1=value1"}) ==
        expected("content-type;host;x-amz-date",
                 "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
  // post-sts-header-before
  CHECK(authorization({.method = "POST"}, suite_token) ==
        expected("host;x-amz-date;x-amz-security-token",
                 "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"));
}

TEST_CASE("aws: the token of a database is that of AWS's own tools") {
  // 2016-11-07T17:39:33Z
  CHECK(database_token({.host = "prod-instance.us-east-1.rds.amazonaws.com",
                        .port = 3306,
                        .name = "someusername"},
                       "us-east-1", keys("akid", "skid"), at(1478540373)) ==
        "prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=someusername"
        "&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request"
        "&X-Amz-Date=20161107T173933Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61");
}

TEST_CASE("aws: a presigned request carries the session token in its signed query") {
  const std::string token =
      database_token({.host = "db.example", .port = 5432, .name = "mz user"}, "eu-west-1",
                     keys("AKIDEXAMPLE", "secret-never-sent", "a/session+token="), at(suite_time));
  CHECK(token.starts_with("db.example:5432/?Action=connect&DBUser=mz%20user&"));
  CHECK(token.find("&X-Amz-Security-Token=a%2Fsession%2Btoken%3D&X-Amz-SignedHeaders=host&") !=
        std::string::npos);
  CHECK(token.find("secret-never-sent") == std::string::npos);
  CHECK(token.ends_with(
      "&X-Amz-Signature=e77a1b2689b9c6d887da22f0ec776be9c10211cee06042db4dca511ada8621de"));
}
