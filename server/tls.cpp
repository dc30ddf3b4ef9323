#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "repr/error.hpp"
#include "server/tls_private.hpp"

namespace tailrace::server {

namespace {

SqlError unreadable(const std::filesystem::path& path, const std::string& why) {
  return SqlError(sqlstate::io_error, fmt::format("cannot read {}: {}", path.string(), why));
}

// RFC 5929, section 4: the certificate under the hash of its own signature, SHA-256 at least.
std::string end_point_of(X509* certificate) {
  int digest = NID_undef;
  X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr);
  const EVP_MD* hash = EVP_get_digestbynid(digest);
  if (hash == nullptr || digest == NID_md5 || digest == NID_sha1) hash = EVP_sha256();
  std::string bytes(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  if (X509_digest(certificate, hash, reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1)
    return "";
  bytes.resize(size);
  return bytes;
}

std::shared_ptr<TlsIdentity> load(const std::filesystem::path& certificate,
                                  const std::filesystem::path& key) {
  auto identity = std::make_shared<TlsIdentity>();
  asio::ssl::context& context = identity->context;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
  error_code error;
  context.use_certificate_chain_file(certificate.string(), error);
  if (error) throw unreadable(certificate, error.message());
  context.use_private_key_file(key.string(), asio::ssl::context::pem, error);
  if (error) throw unreadable(key, error.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    throw unreadable(key, "it is not the key of the certificate");
  X509* shown = SSL_CTX_get0_certificate(context.native_handle());
  if (shown != nullptr) identity->end_point = end_point_of(shown);
  return identity;
}

}  // namespace

TlsFiles::TlsFiles(std::filesystem::path certificate, std::filesystem::path key)
    : certificate_(std::move(certificate)),
      key_(std::move(key)),
      current_(load(certificate_, key_)) {}

std::shared_ptr<TlsIdentity> TlsFiles::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void TlsFiles::reload() {
  auto fresh = load(certificate_, key_);
  const std::lock_guard lock(mutex_);
  current_ = std::move(fresh);
}

}  // namespace tailrace::server
