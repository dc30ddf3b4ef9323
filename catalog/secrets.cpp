#include "catalog/secrets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "repr/error.hpp"

namespace tailrace::catalog {

namespace {

constexpr char format_version = 1;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

using CipherContext =
    std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* c) { EVP_CIPHER_CTX_free(c); })>;

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

SqlError key_error(const std::filesystem::path& file, std::string_view what) {
  return SqlError(sqlstate::io_error,
                  fmt::format("secret key file \"{}\" {}", file.string(), what));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void create_key_file(const std::filesystem::path& file) {
  std::array<std::uint8_t, 32> key{};
  ensure(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1,
         "the system must give random bytes");
  std::string text;
  for (const std::uint8_t byte : key) text += fmt::format("{:02x}", byte);
  OPENSSL_cleanse(key.data(), key.size());
  text += '\n';
  // Written beside and renamed, so that a crash leaves no half key.
  const std::filesystem::path fresh = file.string() + ".new";
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0)
    throw key_error(file, fmt::format("cannot be created: {}", std::strerror(errno)));
  const bool written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(descriptor) == 0;
  const int write_error = errno;
  ::close(descriptor);
  OPENSSL_cleanse(text.data(), text.size());
  if (!written)
    throw key_error(file, fmt::format("cannot be written: {}", std::strerror(write_error)));
  std::filesystem::rename(fresh, file);
  // The directory entry too must survive a power failure: without the key every secret is lost.
  const int directory = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
}

}  // namespace

SecretKeeper SecretKeeper::open(const std::filesystem::path& file, bool create_if_missing) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    if (errno != ENOENT || !create_if_missing) {
      throw key_error(file, fmt::format("cannot be read: {}", std::strerror(errno)))
          .hint("Point --secret-key-file at the key that this data directory was made with.");
    }
    create_key_file(file);
    if (::stat(file.c_str(), &status) != 0) throw key_error(file, "cannot be read");
  }
  if ((status.st_mode & 077) != 0) {
    throw key_error(file, "can be read by others").hint("chmod 600 it.");
  }
  std::string text(129, '\0');
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw key_error(file, fmt::format("cannot be read: {}", std::strerror(errno)));
  const ssize_t size = ::read(descriptor, text.data(), text.size());
  ::close(descriptor);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  SecretKeeper keeper;
  bool well_formed = text.size() == 2 * keeper.key_.size();
  for (std::size_t i = 0; well_formed && i < keeper.key_.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    well_formed = high >= 0 && low >= 0;
    keeper.key_.data()[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  OPENSSL_cleanse(text.data(), text.size());
  if (!well_formed) throw key_error(file, "does not hold 64 hexadecimal digits");
  return keeper;
}

SecretKeeper::~SecretKeeper() = default;
SecretKeeper::SecretKeeper(SecretKeeper&& other) noexcept = default;
SecretKeeper& SecretKeeper::operator=(SecretKeeper&& other) noexcept = default;

std::string SecretKeeper::seal(std::string_view item_id, std::string_view value) const {
  std::string sealed(1 + nonce_size + value.size() + tag_size, '\0');
  sealed[0] = format_version;
  unsigned char* nonce = bytes_of(sealed) + 1;
  unsigned char* text = nonce + nonce_size;
  CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      RAND_bytes(nonce, nonce_size) == 1 &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(item_id),
                        static_cast<int>(item_id.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), text, &size, bytes_of(value),
                        static_cast<int>(value.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), text + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, text + value.size()) == 1;
  ensure(done, "AES-256-GCM must be there");
  return sealed;
}

std::string SecretKeeper::unseal(std::string_view item_id, std::string_view sealed) const {
  const auto refuse = [] {
    return SqlError(sqlstate::data_corrupted, "a secret cannot be decrypted")
        .hint("The secret key file is not the one that the data directory was made with.");
  };
  if (sealed.size() < 1 + nonce_size + tag_size || sealed[0] != format_version) throw refuse();
  const std::size_t value_size = sealed.size() - 1 - nonce_size - tag_size;
  const unsigned char* nonce = bytes_of(sealed) + 1;
  const unsigned char* text = nonce + nonce_size;
  std::string tag(sealed.substr(sealed.size() - tag_size));
  std::string value(value_size, '\0');
  CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(item_id),
                        static_cast<int>(item_id.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(value), &size, text,
                        static_cast<int>(value_size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(value) + size, &size) == 1;
  if (!done) throw refuse();
  return value;
}

}  // namespace tailrace::catalog
