// The system's OpenSSL, and as functions what it has as macros only, which Swift does not see.
#ifndef COPENSSL_H
#define COPENSSL_H
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Options that hold for either side: no renegotiation, RFC 9325 §3.5; no compression, §3.3.
static inline void posterior_ssl_restrict(SSL_CTX *context) {
    SSL_CTX_set_options(context,
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
            | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
            | SSL_MODE_RELEASE_BUFFERS);
}

static inline int posterior_ssl_set_versions(SSL_CTX *context, int lowest, int highest) {
    return SSL_CTX_set_min_proto_version(context, lowest)
        && SSL_CTX_set_max_proto_version(context, highest);
}

static inline int posterior_ssl_set_groups(SSL_CTX *context, const char *list) {
    return (int)SSL_CTX_set1_groups_list(context, list);
}

static inline void posterior_ssl_disable_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int posterior_ssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add0_chain_cert(context, certificate);
}

// The unread bytes of a memory BIO and how many there are.
static inline size_t posterior_bio_contents(BIO *bio, const void **bytes) {
    char *start = NULL;
    long count = BIO_get_mem_data(bio, &start);
    *bytes = start;
    return count > 0 ? (size_t)count : 0;
}

// The bytes of memory that a memory BIO holds, used or not.
static inline size_t posterior_bio_capacity(BIO *bio) {
    BUF_MEM *memory = NULL;
    BIO_get_mem_ptr(bio, &memory);
    return memory == NULL ? 0 : memory->max;
}

static inline void posterior_bio_clear(BIO *bio) { (void)BIO_reset(bio); }

// No bytes mean "later" rather than the end of input.
static inline void posterior_bio_set_open_ended(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }

// Refuses keys that need a passphrase, for which OpenSSL would ask on the terminal.
static inline int posterior_refuse_passphrase(char *buffer, int size, int writing, void *user) {
    (void)buffer; (void)size; (void)writing; (void)user;
    return -1;
}

static inline EVP_PKEY *posterior_read_private_key(BIO *bio) {
    return PEM_read_bio_PrivateKey(bio, NULL, posterior_refuse_passphrase, NULL);
}

static inline X509 *posterior_read_certificate(BIO *bio) {
    return PEM_read_bio_X509(bio, NULL, posterior_refuse_passphrase, NULL);
}

// A certificate's subject as RFC 4514 writes it.
static inline int posterior_print_subject(BIO *bio, X509 *certificate) {
    return X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
}
#endif
