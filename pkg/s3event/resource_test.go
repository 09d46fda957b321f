package s3event_test

import (
	"strings"
	"testing"

	"bucketwatch/pkg/s3event"
)

// Entries of resources, by the bucket photos of account 111122223333 where nothing else is said.
const (
	photosObject  = `{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::photos/2022/cat.jpg"}`
	photosBucket  = `{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos"}`
	photosPrefix  = `{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::photos/"}`
	photosPoint   = `{"accountId":"111122223333","type":"AWS::S3::AccessPoint","ARN":"arn:aws:s3:us-east-1:111122223333:accesspoint/web"}`
	photosForeign = `{"accountId":"444455556666","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos"}`
	backupsObject = `{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::backups/copies/cat.jpg"}`
	backupsBucket = `{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::backups"}`
)

func list(entries ...string) string { return `{"resources":[` + strings.Join(entries, ",") + `]}` }

// buckets are records and the bucket they are about.
var buckets = []struct {
	name, base, patch string
	want              string
	owner             s3event.Ownership
}{
	{"object before bucket", "get-object", ``, "photos", s3event.Owned},
	{"bucket before object", "put-object", ``, "photos", s3event.Owned},
	{"prefix instead of object", "delete-objects", ``, "photos", s3event.Owned},
	{"bucket before prefix", "delete-objects", list(photosBucket, photosPrefix), "photos", s3event.Owned},
	{"bucket alone", "get-object", list(photosBucket), "photos", s3event.Owned},
	{"object alone", "get-object", list(photosObject), "photos", s3event.UnknownOwner},
	{"prefix alone", "delete-objects", list(photosPrefix), "photos", s3event.UnknownOwner},
	{"prefix alone, no bucketName", "delete-objects", `{"resources":[` + photosPrefix + `],"requestParameters":null}`, "", s3event.UnknownOwner},
	{"no resources", "get-object", `{"resources":"(absent)"}`, "photos", s3event.UnknownOwner},
	{"resources null", "get-object", `{"resources":null}`, "photos", s3event.UnknownOwner},
	{"resources empty", "get-object", `{"resources":[]}`, "photos", s3event.UnknownOwner},
	{"resources of another type", "get-object", `{"resources":"arn:aws:s3:::photos"}`, "photos", s3event.UnknownOwner},
	{"entries of other types", "get-object", `{"resources":[null,7,"x",[],{},` + photosBucket + `]}`, "photos", s3event.Owned},
	{"bucket without ARN", "get-object", list(`{"accountId":"111122223333","type":"AWS::S3::Bucket"}`), "photos", s3event.UnknownOwner},
	{"bucket without account", "get-object", list(`{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos"}`), "photos", s3event.UnknownOwner},
	{"bucket with an empty account", "get-object", list(`{"accountId":"","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::photos"}`), "photos", s3event.UnknownOwner},
	{"no requestParameters", "get-object", `{"requestParameters":null}`, "photos", s3event.Owned},
	{"neither", "get-object", `{"requestParameters":null,"resources":null}`, "", s3event.UnknownOwner},
	{"bucketName empty", "get-object", `{"requestParameters":{"bucketName":""},"resources":null}`, "", s3event.UnknownOwner},
	{"bucketName of another type", "get-object", `{"requestParameters":{"bucketName":["photos"]}}`, "photos", s3event.Owned},
	{"no recipient", "get-object", `{"recipientAccountId":"(absent)"}`, "photos", s3event.UnknownOwner},

	{"requester's copy", "get-object", list(photosObject, photosForeign), "photos", s3event.ForeignBucket},
	{"requester's copy, denied", "get-object", `{"errorCode":"AccessDenied","resources":[` + photosForeign + `]}`, "photos", s3event.ForeignBucket},
	{"owner's copy of another's request", "get-object", `{"userIdentity":{"type":"AWSAccount","accountId":"444455556666"}}`, "photos", s3event.Owned},
	{"anonymous request", "get-object", `{"userIdentity":{"type":"AWSAccount","accountId":"anonymous","principalId":""}}`, "photos", s3event.Owned},

	{"no such bucket", "get-object", `{"errorCode":"NoSuchBucket"}`, "photos", s3event.UnknownOwner},
	{"no such bucket, HEAD", "get-object", `{"eventName":"HeadBucket","errorCode":"NotFound"}`, "photos", s3event.UnknownOwner},
	{"no such bucket, HEAD without a code", "get-object", `{"eventName":"HeadBucket","additionalEventData":{"httpStatusCode":404}}`, "photos", s3event.UnknownOwner},
	{"no such bucket, requester's copy", "get-object", `{"errorCode":"NoSuchBucket","resources":[` + photosForeign + `]}`, "photos", s3event.ForeignBucket},
	{"no such key", "get-object", `{"errorCode":"NoSuchKey"}`, "photos", s3event.Owned},
	{"no such key, HEAD", "get-object", `{"eventName":"HeadObject","errorCode":"NotFound"}`, "photos", s3event.Owned},

	{"dots", "get-object", `{"requestParameters":{"bucketName":"www.example.com"},"resources":[{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::www.example.com"}]}`, "www.example.com", s3event.Owned},
	{"China", "get-object", list(`{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws-cn:s3:::photos"}`), "photos", s3event.Owned},
	{"GovCloud", "get-object", list(`{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws-us-gov:s3:::photos"}`), "photos", s3event.Owned},
	{"directory bucket", "express-put-object", ``, "training--usw2-az1--x-s3", s3event.Owned},
	{"Outposts", "outposts-put-object", ``, "objects", s3event.Owned},
	{"Outposts, requester's copy", "outposts-put-object", `{"recipientAccountId":"444455556666"}`, "objects", s3event.ForeignBucket},
	// So in the S3 on Outposts User Guide's own example.
	{"Outposts, bucket left out of its ARN", "outposts-put-object", `{"requestParameters":{"bucketName":"plant"},"resources":[{"accountId":"111122223333","type":"AWS::S3Outposts::Bucket","ARN":"arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-0123456789abcdef0/bucket/"}]}`, "plant", s3event.Owned},
	{"ARN that ends before the name", "get-object", list(`{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::"}`), "photos", s3event.Owned},

	{"access point's alias", "get-object", `{"requestParameters":{"bucketName":"web-abcdefghijklmnopqrstuvwxyz012345-s3alias"},"resources":[` + photosPoint + `,` + photosObject + `,` + photosBucket + `]}`, "photos", s3event.Owned},
	{"access point's ARN", "get-object", `{"requestParameters":{"bucketName":"arn:aws:s3:us-east-1:111122223333:accesspoint/web"},"resources":[` + photosObject + `,` + photosPoint + `,` + photosBucket + `]}`, "photos", s3event.Owned},
	{"access point's ARN, bucket unknown", "get-object", `{"requestParameters":{"bucketName":"arn:aws:s3:us-east-1:111122223333:accesspoint/web"},"resources":[` + photosPoint + `]}`, "web", s3event.UnknownOwner},
	{"bucket's ARN", "get-object", `{"requestParameters":{"bucketName":"arn:aws:s3:::photos"},"resources":null}`, "photos", s3event.UnknownOwner},

	{"copy", "copy-object", ``, "backups", s3event.Owned},
	{"copy, source first", "copy-object", list(photosForeign, photosObject, backupsBucket, backupsObject), "backups", s3event.Owned},
	{"copy, three entries", "copy-object", list(photosObject, backupsBucket, backupsObject), "backups", s3event.Owned},
	{"copy in one bucket", "copy-object", `{"requestParameters":{"x-amz-copy-source":"backups/a.jpg"},"resources":[` + backupsObject + `,` + backupsBucket + `,` + backupsBucket + `]}`, "backups", s3event.Owned},
	{"copy to an alias, source first", "copy-object", `{"requestParameters":{"bucketName":"web-abcdef-s3alias"},"resources":[` + photosForeign + `,` + backupsBucket + `]}`, "backups", s3event.Owned},
	{"copy to an alias, source last", "copy-object", `{"requestParameters":{"bucketName":"web-abcdef-s3alias"},"resources":[` + backupsBucket + `,` + photosForeign + `]}`, "backups", s3event.Owned},
	{"copy to an alias, slash before the source", "copy-object", `{"requestParameters":{"bucketName":"web-abcdef-s3alias","x-amz-copy-source":"/photos/2022/cat.jpg"},"resources":[` + photosForeign + `,` + backupsBucket + `]}`, "backups", s3event.Owned},
	{"copy to an alias, source encoded", "copy-object", `{"requestParameters":{"bucketName":"web-abcdef-s3alias","x-amz-copy-source":"photos%2F2022%2Fcat.jpg"},"resources":[` + photosForeign + `,` + backupsBucket + `]}`, "backups", s3event.Owned},
	{"copy to an alias, slash encoded", "copy-object", `{"requestParameters":{"bucketName":"web-abcdef-s3alias","x-amz-copy-source":"%2fphotos%2f2022%2fcat.jpg"},"resources":[` + photosForeign + `,` + backupsBucket + `]}`, "backups", s3event.Owned},

	{"lifecycle", "lifecycle-expiration", ``, "photos", s3event.Owned},
	{"failed authentication", "authentication-failure", ``, "photos", s3event.Owned},
	{"per key", "delete-object-per-key-minimal", ``, "photos", s3event.Owned},
}

func TestBucket(t *testing.T) {
	for _, test := range buckets {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, test.base, test.patch)
			e := interpret(t, doc)
			if string(e.Bucket) != test.want {
				t.Errorf("Interpret(%s).Bucket = %q, want %q", test.base+test.patch, e.Bucket, test.want)
			}
			if e.Bucket != nil && len(e.Bucket) == 0 {
				t.Errorf("Interpret(%s).Bucket is empty, want nil", test.base+test.patch)
			}
			if e.Ownership != test.owner {
				t.Errorf("Interpret(%s).Ownership = %d, want %d", test.base+test.patch, e.Ownership, test.owner)
			}
		})
	}
}

// keys are records and the key they are about. Those without requestParameters.key have it in the resources.
var keys = []struct{ name, base, patch, want string }{
	{"of a request", "get-object", ``, "2022/cat.jpg"},
	{"as Outposts spell it", "outposts-put-object", ``, "machines/7.csv"},
	{"slashes", "get-object", `{"requestParameters":{"key":"/a//b/"}}`, "/a//b/"},
	{"colons", "get-object", `{"requestParameters":{"key":"logs:2026:11"}}`, "logs:2026:11"},
	{"Korean", "get-object", `{"requestParameters":{"key":"사진/고양이.jpg"}}`, "사진/고양이.jpg"},
	{"escaped Korean", "get-object", `{"requestParameters":{"key":"\uc0ac\uc9c4/\ud83d\udc31"}}`, "사진/🐱"},
	{"spaces and signs", "get-object", `{"requestParameters":{"key":"my holiday+%2B photos.jpg"}}`, "my holiday+%2B photos.jpg"},
	{"quotes", "get-object", `{"requestParameters":{"key":"a\"b\\c\n"}}`, "a\"b\\c\n"},

	{"of the resource", "delete-object-per-key-minimal", ``, "2026/dog.jpg"},
	{"of the resource, other parameters", "delete-object-per-key-minimal", `{"requestParameters":{"bucketName":"photos"}}`, "2026/dog.jpg"},
	{"of the resource, key null", "delete-object-per-key-minimal", `{"requestParameters":{"key":null}}`, "2026/dog.jpg"},
	{"of the resource, key of another type", "delete-object-per-key-minimal", `{"requestParameters":{"key":["2026/dog.jpg"]}}`, "2026/dog.jpg"},
	{"of the resource, after the bucket's", "delete-object-per-key-minimal", list(photosBucket, photosObject), "2022/cat.jpg"},
	{"of the resource, slashes and colons", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::photos/a/b:c::d/e"}`), "a/b:c::d/e"},
	{"of the resource, like an ARN", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::photos/arn:aws:s3:::x/y"}`), "arn:aws:s3:::x/y"},
	{"of the resource, leading slash", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::photos//a"}`), "/a"},
	{"of the resource, Korean and spaces", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::photos/사진/내 고양이.jpg"}`), "사진/내 고양이.jpg"},
	{"of the resource, China", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws-cn:s3:::photos/a"}`), "a"},
	{"of the resource, GovCloud", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws-us-gov:s3:::photos/a"}`), "a"},
	{"of the resource, bucket with dots", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::www.example.com/index.html"}`), "index.html"},
	{"of the resource, directory bucket", "express-put-object", `{"requestParameters":null}`, "shards/0001"},
	{"of the resource, directory bucket without bucket/", "express-put-object", `{"requestParameters":null,"resources":[{"type":"AWS::S3Express::Object","ARN":"arn:aws:s3express:us-west-2:111122223333:training--usw2-az1--x-s3/shards/0001"}]}`, "shards/0001"},
	{"of the resource, Outposts", "outposts-put-object", `{"requestParameters":null}`, "machines/7.csv"},
	{"of the resource, Outposts, key with object", "outposts-put-object", `{"requestParameters":null,"resources":[{"type":"AWS::S3Outposts::Object","ARN":"arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-0123456789abcdef0/bucket/plant/object/a/object/b"}]}`, "a/object/b"},

	{"of a list", "get-object", `{"eventName":"ListObjects","requestParameters":{"key":"(absent)","prefix":"2022/"},"resources":[` + photosPrefix + `,` + photosBucket + `]}`, ""},
	{"of a DeleteObjects call", "delete-objects", ``, ""},
	{"of a bucket", "get-object", `{"eventName":"HeadBucket","requestParameters":{"key":"(absent)"},"resources":[` + photosBucket + `]}`, ""},
	{"no key in the ARN", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::photos"}`), ""},
	{"no ARN at all", "delete-object-per-key-minimal", list(`{"type":"AWS::S3::Object","ARN":"photos/cat.jpg"}`), ""},
	{"nowhere", "delete-object-per-key-minimal", `{"resources":null}`, ""},
}

func TestKey(t *testing.T) {
	for _, test := range keys {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, test.base, test.patch)
			if e := interpret(t, doc); string(e.Key) != test.want {
				t.Errorf("Interpret(%s).Key = %q, want %q", test.base+test.patch, e.Key, test.want)
			}
		})
	}
}

func TestVersionID(t *testing.T) {
	tests := []struct{ name, patch, want string }{
		{"none", ``, ""},
		{"one", `{"requestParameters":{"versionId":"3HL4kqtJlcpXroDTDmjVBH40Nr8X8gdRQBpUMLUo"}}`, "3HL4kqtJlcpXroDTDmjVBH40Nr8X8gdRQBpUMLUo"},
		{"null, which is a version's name", `{"requestParameters":{"versionId":"null"}}`, "null"},
		{"the answer's alone", `{"responseElements":{"x-amz-version-id":"v1"}}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := record(t, "delete-object", test.patch)
			if e := interpret(t, doc); string(e.VersionID) != test.want {
				t.Errorf("Interpret(%s).VersionID = %q, want %q", "delete-object"+test.patch, e.VersionID, test.want)
			}
		})
	}
}
