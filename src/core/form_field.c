/* SPDX-License-Identifier: MIT */
#include "core/form_field.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { FORM_FIELD_MAX = 32 };

/* In lower case, without marks; what is no ASCII stays. */
/* clang-format off */
static const char *const texts[] = {
	"address", "address1", "address2", "addressline1", "addressline2", "adresse",
	"anschrift", "apellido", "apellidos", "billingaddress", "billingfirstname",
	"billinglastname", "birthdate", "c\xc3\xb3" "digopostal", "cardnumber",
	"codepostal", "codicepostale", "codigopostal", "cognome", "contactname",
	"correoelectr\xc3\xb3nico", "correoelectronico", "courriel", "creditcard",
	"creditcardnumber", "customeremail", "customername", "dateofbirth",
	"deliveryaddress", "dob", "email", "emailaddress", "emailadresse",
	"familyname", "firstandlastname", "firstname", "fname", "fullname",
	"geburtsdatum", "givenname", "homeaddress", "iban", "lastname", "lname",
	"mailaddress", "mailadresse", "middlename", "nachname", "nationalid",
	"nombrecompleto", "postaladdress", "postalcode", "postcode", "postleitzahl",
	"pr\xc3\xa9nom", "prenom", "recipientname", "shippingaddress",
	"shippingfirstname", "shippinglastname", "socialsecuritynumber", "ssn",
	"stra\xc3\x9f" "e", "strasse", "street", "streetaddress", "surname", "taxid",
	"vollst\xc3\xa4ndigername", "vollstaendigername", "vorname", "vorundnachname",
	"workemail", "workemailaddress", "youraddress", "youremail",
	"youremailaddress", "yourfirstname", "yourfullname", "yourlastname",
	"yourname", "zipcode",
};
static const char *const ambiguous[] = {"birthday", "geburtstag", "name"};
static const char *const phones[] = {
	"billingphone", "businessphone", "cellphone", "cellphonenumber",
	"contactnumber", "contactphone", "customerphone", "handynummer", "homephone",
	"leadphone", "mobileno", "mobilenumber", "mobilephone", "mobilephonenumber",
	"mobilnummer", "msisdn", "n\xc3\xbamerodetel\xc3\xa9" "fono",
	"num\xc3\xa9rodet\xc3\xa9l\xc3\xa9phone", "numerodetelefono",
	"numerodetelephone", "phone", "phoneno", "phonenumber", "primaryphone",
	"shippingphone", "t\xc3\xa9l\xc3\xa9phone", "tel\xc3\xa9" "fono", "telefon",
	"telefonnummer", "telefono", "telephone", "telephonenumber", "userphone",
	"whatsappnumber", "workphone", "workphonenumber", "yourphone",
	"yourphonenumber",
};
/* clang-format on */

static bool is_in(struct str name, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name.p[0] == table[i][0] && str_eq(name, str_of(table[i])))
			return true;
	return false;
}

static bool is_part_of_word(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

enum form_field form_field_of(struct str name)
{
	char plain[FORM_FIELD_MAX];
	size_t len = 0;
	struct str word;

	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.p[i]);

		if (!is_part_of_word(c))
			continue;
		if (len == sizeof(plain))
			return FORM_OTHER;
		plain[len++] = c;
	}
	word = str_make(plain, len);
	if (len == 0)
		return FORM_OTHER;
	if (is_in(word, phones, COUNT(phones)))
		return FORM_PHONE;
	if (is_in(word, texts, COUNT(texts)))
		return FORM_TEXT;
	return is_in(word, ambiguous, COUNT(ambiguous)) ? FORM_AMBIGUOUS : FORM_OTHER;
}
