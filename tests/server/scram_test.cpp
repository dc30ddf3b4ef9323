#include "server/scram.hpp"

#include <doctest/doctest.h>

#include "repr/error.hpp"
#include "server/base64.hpp"
#include "tests/server/fake_backend.hpp"

namespace tailrace::server {

namespace {

constexpr std::string_view verifier_text = test::pencil_verifier;
constexpr const char* client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr const char* server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* client_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

ScramExchange exchange() {
  return {parse_scram_verifier(verifier_text).value(), server_nonce};
}

}  // namespace

TEST_CASE("SCRAM: the exchange of RFC 7677") {
  ScramExchange scram = exchange();
  CHECK(scram.first(client_first) ==
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  CHECK(scram.final(client_final) == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("SCRAM: a channel is bound to what both see of it") {
  const auto bound = [](const char* end_point) {
    return ScramExchange(parse_scram_verifier(verifier_text).value(), server_nonce, end_point);
  };
  const auto begin = [](ScramExchange scram, const char* first, bool binds) {
    return scram.first(first, binds);
  };
  CHECK_NOTHROW(begin(bound("hash"), "p=tls-server-end-point,,n=,r=x", true));
  CHECK_NOTHROW(begin(bound("hash"), "n,,n=,r=x", false));
  CHECK_NOTHROW(begin(bound(""), "y,,n=,r=x", false));
  // The client was made to believe that we cannot.
  CHECK_THROWS_AS(begin(bound("hash"), "y,,n=,r=x", false), SqlError);
  CHECK_THROWS_AS(begin(bound(""), "p=tls-server-end-point,,n=,r=x", true), SqlError);
  CHECK_THROWS_AS(begin(bound("hash"), "p=tls-unique,,n=,r=x", true), SqlError);
  CHECK_THROWS_AS(begin(bound("hash"), "p=tls-server-end-point,,n=,r=x", false), SqlError);
  CHECK_THROWS_AS(begin(bound("hash"), "n,,n=,r=x", true), SqlError);
  // Somebody in between shows the client another certificate.
  ScramExchange scram = bound("hash");
  scram.first("p=tls-server-end-point,,n=,r=x", true);
  const std::string other = encode_base64("p=tls-server-end-point,,other");
  CHECK_THROWS_AS(scram.final("c=" + other + ",r=x" + server_nonce + ",p=x"), SqlError);
}

TEST_CASE("SCRAM: of an unknown user the salt is the same each time") {
  CHECK(mock_scram_verifier("a").salt == mock_scram_verifier("a").salt);
  CHECK(mock_scram_verifier("a").salt != mock_scram_verifier("b").salt);
  CHECK(mock_scram_verifier("a").stored_key != mock_scram_verifier("b").stored_key);
}

TEST_CASE("SCRAM: a wrong proof is refused") {
  ScramExchange scram = exchange();
  scram.first(client_first);
  std::string wrong = client_final;
  wrong[wrong.find("p=") + 2] = 'e';
  CHECK(!scram.final(wrong));
}

TEST_CASE("SCRAM: malformed messages are errors") {
  for (const char* first : {"", "n", "n,,", "p=tls-server-end-point,,n=,r=x", "n,,n=user",
                            "n,,r=x,n=", "n,,n=,r=", "n,,m=x,n=,r=y"}) {
    ScramExchange scram = exchange();
    CHECK_THROWS_AS(scram.first(first), SqlError);
  }
  for (const char* last : {"", "c=biws", "c=biws,r=other,p=x", "c=eSws,r=rOprNGfwEbeRWgbNEkqO"}) {
    ScramExchange scram = exchange();
    scram.first(client_first);
    CHECK_THROWS_AS(scram.final(last), SqlError);
  }
}

TEST_CASE("SCRAM: verifiers are read whole or not at all") {
  CHECK(!parse_scram_verifier(""));
  CHECK(!parse_scram_verifier("md5abc"));
  for (std::size_t size = 0; size + 1 < verifier_text.size(); ++size) {
    CHECK(!parse_scram_verifier(verifier_text.substr(0, size)));
  }
}

TEST_CASE("SCRAM: a plain password is checked against the verifier") {
  const ScramVerifier verifier = parse_scram_verifier(verifier_text).value();
  CHECK(scram_password_matches(verifier, "pencil"));
  CHECK(!scram_password_matches(verifier, "pen"));
  CHECK(!scram_password_matches(verifier, ""));
}

TEST_CASE("base 64, both ways") {
  const std::vector<std::string> texts = {"a", "ab", "abc", "abcd", std::string("\0\xff\0", 3)};
  for (const std::string& text : texts) {
    CHECK(decode_base64(encode_base64(text)) == text);
  }
  CHECK(!decode_base64(""));
  CHECK(!decode_base64("abc"));
  CHECK(!decode_base64("a?c="));
}

}  // namespace tailrace::server
