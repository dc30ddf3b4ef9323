#include "engine/coordinator/pem.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
using Certificate = std::unique_ptr<X509, decltype([](X509* x) { X509_free(x); })>;
using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Nobody is there to be asked for the password of a key.
int no_password(char*, int, int, void*) {
  return -1;
}

SqlError invalid(std::string_view option, std::string_view what) {
  ERR_clear_error();
  return SqlError(sqlstate::invalid_parameter_value,
                  fmt::format("invalid {}: it holds no {} in PEM form", option, what));
}

}  // namespace

void check_certificates(std::string_view option, const std::string& pem) {
  const Bio bio = reader(pem);
  const Certificate first(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_password, nullptr));
  if (!first) throw invalid(option, "certificate");
}

void check_private_key(std::string_view option, const std::string& pem) {
  const Bio bio = reader(pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) throw invalid(option, "unencrypted private key");
}

}  // namespace tailrace::engine
