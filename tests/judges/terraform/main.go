// Judges one `aws_eks_node_group` as Terraform does before it asks AWS: read by HCL, the parser of Terraform and
// OpenTofu, laid out as `terraform fmt` writes it, and every argument and block decoded by hcldec against the
// provider's published schema: names, types, what is needed, how many. Prints the arguments as JSON.
//
// What the schema does not say is not judged here: which words an argument takes, and which exclude each other.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Block is what the schema says of a resource or of a block in it.
type Block struct {
	Attributes map[string]struct {
		Type     string `json:"type"`
		Required bool   `json:"required"`
	} `json:"attributes"`
	Blocks map[string]struct {
		Block
		Nesting string `json:"nesting"`
		Min     int    `json:"min"`
		Max     int    `json:"max"`
	} `json:"blocks"`
}

var types = map[string]cty.Type{
	"string":      cty.String,
	"number":      cty.Number,
	"bool":        cty.Bool,
	"list string": cty.List(cty.String),
	"set string":  cty.Set(cty.String),
	"map string":  cty.Map(cty.String),
}

// spec returns how a block is decoded. Source: Terraform, configschema, Block.DecoderSpec.
func spec(block Block) hcldec.ObjectSpec {
	made := hcldec.ObjectSpec{}
	for name, each := range block.Attributes {
		kind, known := types[each.Type]
		if !known {
			fail(fmt.Sprintf("the schema has a type that is not known here: %q", each.Type))
		}
		made[name] = &hcldec.AttrSpec{Name: name, Type: kind, Required: each.Required}
	}
	for name, each := range block.Blocks {
		nested := spec(each.Block)
		switch each.Nesting {
		case "list":
			made[name] = &hcldec.BlockListSpec{TypeName: name, Nested: nested, MinItems: each.Min, MaxItems: each.Max}
		case "set":
			made[name] = &hcldec.BlockSetSpec{TypeName: name, Nested: nested, MinItems: each.Min, MaxItems: each.Max}
		case "single":
			made[name] = &hcldec.BlockSpec{TypeName: name, Nested: nested}
		default:
			fail(fmt.Sprintf("the schema nests in a way that is not known here: %q", each.Nesting))
		}
	}
	return made
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: terraform SCHEMA.json FILE.tf")
	}
	var schema struct {
		Resource string `json:"resource"`
		Block
	}
	if err := json.Unmarshal(read(os.Args[1]), &schema); err != nil {
		fail(err.Error())
	}
	source := read(os.Args[2])
	parser := hclparse.NewParser()
	file, problems := parser.ParseHCL(source, "main.tf")
	stop(parser, problems)
	if formatted := hclwrite.Format(source); !bytes.Equal(formatted, source) {
		fail("terraform fmt would write it so:\n" + string(formatted))
	}
	content, problems := file.Body.Content(&hcl.BodySchema{
		Blocks: []hcl.BlockHeaderSchema{{Type: "resource", LabelNames: []string{"type", "name"}}},
	})
	stop(parser, problems)
	if len(content.Blocks) != 1 || content.Blocks[0].Labels[0] != schema.Resource {
		fail("there is not one resource of the type " + schema.Resource)
	}
	value, problems := hcldec.Decode(content.Blocks[0].Body, spec(schema.Block), nil)
	stop(parser, problems)
	written, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		fail(err.Error())
	}
	fmt.Println(string(written))
}

func read(path string) []byte {
	found, err := os.ReadFile(path)
	if err != nil {
		fail(err.Error())
	}
	return found
}

func stop(parser *hclparse.Parser, problems hcl.Diagnostics) {
	if problems.HasErrors() {
		_ = hcl.NewDiagnosticTextWriter(os.Stderr, parser.Files(), 100, false).WriteDiagnostics(problems)
		os.Exit(1)
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
