#include "tls/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static X509 *self_signed(EVP_PKEY *key, const char *name)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

void certificate_make(struct certificate *out, const char *name, const char *password)
{
    strcpy(out->dir, "/tmp/belisha-tls-XXXXXX");
    assert_non_null(mkdtemp(out->dir));
    snprintf(out->cert, sizeof out->cert, "%s/cert.pem", out->dir);
    snprintf(out->key, sizeof out->key, "%s/key.pem", out->dir);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    X509 *cert = self_signed(key, name);
    FILE *file = fopen(out->cert, "w");
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
    file = fopen(out->key, "w");
    assert_int_equal(PEM_write_PrivateKey(file, key, password == NULL ? NULL : EVP_aes_256_cbc(),
                                          (const unsigned char *)password, password == NULL ? 0 : (int)strlen(password),
                                          NULL, NULL),
                     1);
    fclose(file);
    X509_free(cert);
    EVP_PKEY_free(key);
}

void certificate_pin(const struct certificate *certificate, uint8_t out[32])
{
    FILE *file = fopen(certificate->cert, "r");
    X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
    uint8_t *bytes = NULL;
    unsigned digest_len;
    fclose(file);
    assert_non_null(cert);
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &bytes);
    assert_true(len > 0);
    assert_int_equal(EVP_Digest(bytes, (size_t)len, out, &digest_len, EVP_sha256(), NULL), 1);
    OPENSSL_free(bytes);
    X509_free(cert);
}

void certificate_remove(const struct certificate *certificate)
{
    unlink(certificate->cert);
    unlink(certificate->key);
    rmdir(certificate->dir);
}
