/* SPDX-License-Identifier: MIT
 * personal_names.h - what members and parameters are called that tell who somebody is: in lower case,
 * letters and digits only. For personal.c alone. All but the last are sorted: searched by halves.
 *
 * Owns:    nothing.
 * Thread:  any.
 * Errors:  none. */
#ifndef CORE_PERSONAL_NAMES_H
#define CORE_PERSONAL_NAMES_H

/* Of a person; what opens a session of hers; what a mail's link tells of who it was sent to
 * (HubSpot, Klaviyo, Mailchimp, Marketo, MailerLite, Omeda, Vero, ConvertKit). */
/* clang-format off */
static const char *const personal_names[] = {
	"accesstoken", "address", "addressline", "adresse", "anschrift", "apellido", "apellidos",
	"apikey", "auth", "authorization", "authtoken", "bday", "benutzername", "birthdate",
	"birthday", "cardnumber", "cell", "cellphone", "cksubscriberid", "clientsecret",
	"codepostal", "cognome", "correo", "correoelectronico", "courriel", "creditcard", "cvc",
	"cvv", "dateofbirth", "dob", "em", "email", "emailaddr", "emailaddress", "emailadresse",
	"emailid", "emails", "familyname", "firstname", "fn", "fname", "forename", "fullname",
	"geburtsdatum", "geburtstag", "givenname", "handy", "handynummer", "hausnummer", "hsenc",
	"iban", "idtoken", "ip", "ipaddr", "ipaddress", "ipoverride", "ipv", "jsessionid", "jwt",
	"kx", "laravelsession", "lastname", "ln", "lname", "login", "mail", "mailaddress",
	"mailadresse", "mceid", "middlename", "mkttok", "mlsubscriber", "mlsubscriberhash",
	"mobile", "mobileno", "mobilenumber", "mobilephone", "mobilnummer", "motdepasse",
	"msisdn", "nachname", "name", "nationalid", "nombre", "olyanonid", "olyencid", "oscsid",
	"otp", "pass", "passphrase", "passwd", "password", "passwort", "ph", "phone", "phoneno",
	"phonenumber", "phpsessid", "plz", "postalcode", "postcode", "postleitzahl", "prenom",
	"pwd", "refreshtoken", "resettoken", "secret", "sessid", "sessionid", "sessiontoken",
	"ssn", "strasse", "street", "streetaddress", "surname", "taxid", "tel", "telefon",
	"telefonnummer", "telefono", "telephone", "telephonenumber", "telno", "token", "username",
	"veroid", "vgoee", "vorname", "whatsapp", "zip", "zipcode",
};
/* clang-format on */

/* Whose it is does not matter: customer_email, billing_address. */
static const char *const owners[] = {
	"account",  "billing",  "buyer",  "checkout",  "client",   "contact",
	"customer", "delivery", "guest",  "home",      "lead",     "member",
	"my",       "new",      "person", "recipient", "shipping", "subscriber",
	"user",     "work",     "your"};

/* Of an address that somebody has; a city by itself may be a shop's. */
static const char *const places[] = {"city", "ort", "stadt", "town"};
/* A customer, a lead or a delivery has a state too, which is none of the sixteen or fifty. */
static const char *const regions[] = {"county", "line", "province", "region", "state"};

/* Never taken out for their names. */
static const char *const click_ids[] = {
	"clickid", "dclid",     "epik",   "fbc",    "fbclid", "fbp",
	"gad",     "gadsource", "gbraid", "gclid",  "gclsrc", "irclickid",
	"lifatid", "msclkid",   "obclid", "qclid",  "rdtcid", "sccid",
	"tblci",   "ttclid",    "ttp",    "twclid", "wbraid", "yclid"};

/* Of a person, a browser or a device: what URLs may have, and events may not. */
static const char *const device_names[] = {
	"aaid",         "advertisingid", "androidid", "anonymousid", "customerid",
	"deviceid",     "externalid",    "gaid",      "gpsadid",     "idfa",
	"idfv",         "imei",          "oaid",      "remoteaddr",  "remoteip",
	"ttexternalid", "ttp",           "ua",        "useragent",   "userid",
	"waid",         "xforwardedfor"};

/* Whose address or id it is, or who told it; http stands before another: HTTP_CLIENT_IP. */
static const char *const sources[] = {"http", "browser", "client", "customer", "device"};

#endif
